import { AppError } from '../../../shared/errors.js';
import { DEFAULT_SECTION, formatProblem, hasErrors, type IniSection } from '../../../shared/ini/ini.js';
import { EXIT } from '../exit-codes.js';
import { toLine } from '../format/error.js';
import { printable } from '../format/text.js';
import { counted } from '../format/units.js';
import { readIni } from '../ini-file.js';
import type { ConfigInvocation } from '../invocation.js';
import type { Session } from '../session.js';

/** Offline: the file as it is on this host, which need not be the one that the controller goes by. */
export async function config(session: Session, invocation: ConfigInvocation): Promise<number> {
  return invocation.action === 'config check' ? checkFile(session) : showFile(session, invocation);
}

async function checkFile({ deps, options, style }: Session): Promise<number> {
  const problems = await deps.configProblems(options.file);
  const exit = hasErrors(problems) ? EXIT.usage : EXIT.well;
  if (options.json) {
    deps.terminal.out(toLine({ schema: 1, action: 'config check', exit, problems }));
    return exit;
  }
  const errors = problems.filter((one) => one.severity === 'error').length;
  for (const problem of problems) {
    const label = problem.severity === 'error' ? style.bad('error  ') : style.warn('warning');
    deps.terminal.out(`${label}  ${printable(formatProblem(problem))}\n`);
  }
  const summary =
    problems.length === 0 ? style.good('well') : `${counted(errors, 'error')}, ${counted(problems.length - errors, 'warning')}`;
  deps.terminal.out(`${options.file}: ${summary}\n`);
  return exit;
}

async function showFile({ deps, options }: Session, show: Extract<ConfigInvocation, { action: 'config show' }>): Promise<number> {
  if (!show.raw)
    throw new AppError('unsupported', 'not in this version: config show without --raw', { hint: 'write `ctl config show --raw`' });
  const { document, problems } = await readIni(options.file);
  const fatal = problems.filter((one) => one.severity === 'error');
  if (fatal.length > 0)
    throw new AppError('config', fatal.map(formatProblem).join('\n'), { hint: '`ctl config check` names all problems' });
  const sections = [document.defaults, ...document.sections.values()].map((section) => [section.name, valuesOf(section)] as const);
  const shown = show.secrets ? sections : hideSecrets(sections);
  deps.terminal.out(options.json ? toLine(Object.fromEntries(shown)) : shown.map(formatSection).join('\n'));
  return EXIT.well;
}

type Values = Readonly<Record<string, string>>;

/** Where Python would raise when it is asked for a value, so do we. */
function valuesOf(section: IniSection): Values {
  const entries = section.keys().map((key) => {
    const value = section.get(key);
    // In `[DEFAULT]` a reference may wait for its heirs: shown as it is written.
    if (value?.ok === false && section.name !== DEFAULT_SECTION) throw new AppError('config', `[${section.name}] ${key}: ${value.why}`);
    return [key, value?.ok === true ? value.text : (value?.entry.raw ?? '')] as const;
  });
  return Object.fromEntries(entries);
}

/** Passwords by their key, and wherever else their text stands (an interpolated value). */
function hideSecrets(sections: readonly (readonly [string, Values])[]): (readonly [string, Values])[] {
  const isSecret = (key: string) => /^(mail_)?passw(d|ord)$/.test(key);
  const secrets = sections.flatMap(([, values]) =>
    Object.entries(values).flatMap(([key, value]) => (isSecret(key) && value !== '' ? [value] : [])),
  );
  const hide = (key: string, value: string) =>
    isSecret(key) ? REDACTED : secrets.reduce((text, secret) => text.replaceAll(secret, REDACTED), value);
  return sections.map(([name, values]) => [
    name,
    Object.fromEntries(Object.entries(values).map(([key, value]) => [key, hide(key, value)])),
  ]);
}

const REDACTED = '[redacted]';

const formatSection = ([name, values]: readonly [string, Values]): string =>
  `[${printable(name)}]\n${Object.entries(values)
    .map(([key, value]) => `${key} = ${printable(value).replaceAll('\n', '\n    ')}\n`)
    .join('')}`;
