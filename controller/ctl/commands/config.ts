import { formatProblem, hasErrors, type Problem } from '../../../shared/ini/ini.js';
import { EXIT } from '../exit-codes.js';
import { formatRaw, formatShown, shownToJson } from '../format/config-show.js';
import { toLine } from '../format/error.js';
import { printable } from '../format/text.js';
import { counted } from '../format/units.js';
import type { ConfigInvocation } from '../typed/actions/config.js';
import type { Session } from '../session.js';
import { configUpgrade } from './config-upgrade.js';

/** Offline: the file as it is on this host, which need not be the one that the controller goes by. */
export async function config(session: Session, invocation: ConfigInvocation): Promise<number> {
  switch (invocation.action) {
    case 'config check':
      return checkFile(session);
    case 'config show':
      return invocation.raw ? showRaw(session, invocation.secrets) : showEffective(session);
    case 'config upgrade':
      return configUpgrade(session, invocation);
  }
}

async function checkFile({ deps, options, style }: Session): Promise<number> {
  const problems = await (await deps.offline()).problems(options.file);
  const exit = exitOf(problems);
  if (options.json) {
    deps.terminal.out(toLine({ schema: 1, action: 'config check', exit, problems }));
    return exit;
  }
  for (const problem of problems) {
    const label = problem.severity === 'error' ? style.bad('error  ') : style.warn('warning');
    deps.terminal.out(`${label}  ${printable(formatProblem(problem))}\n`);
  }
  const summary = problems.length === 0 ? style.good('well') : count(problems);
  deps.terminal.out(`${options.file}: ${summary}\n`);
  return exit;
}

async function showEffective({ deps, options, style, command }: Session): Promise<number> {
  const { sections, problems } = await (await deps.offline()).show(options.file);
  const exit = exitOf(problems);
  deps.terminal.out(
    options.json
      ? toLine(shownToJson(sections, { file: options.file, exit }))
      : formatShown(sections, { file: options.file, unset: options.verbose, style }),
  );
  if (hasErrors(problems)) deps.terminal.err(`${options.file}: ${count(problems)}; \`${command('config', 'check')}\` tells them\n`);
  return exit;
}

async function showRaw({ deps, options }: Session, secrets: boolean): Promise<number> {
  const raw = await (await deps.offline()).raw(options.file, { secrets });
  deps.terminal.out(options.json ? toLine(raw) : formatRaw(raw));
  return EXIT.well;
}

const exitOf = (problems: readonly Problem[]): number => (hasErrors(problems) ? EXIT.usage : EXIT.well);

function count(problems: readonly Problem[]): string {
  const errors = problems.filter((one) => one.severity === 'error').length;
  return `${counted(errors, 'error')}, ${counted(problems.length - errors, 'warning')}`;
}
