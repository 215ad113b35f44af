import { stat } from 'node:fs/promises';
import { isAbsolute } from 'node:path';
import { parseArgs } from 'node:util';
import { parseAgentConfig } from './config/config.js';
import { draftAgent, formatAgentIni, type AgentDraft } from './config/draft.js';
import { realPathOf } from './paths.js';
import { AppError, isErrno, messageOf } from '../shared/errors.js';
import { readIniFile } from '../shared/ini/file.js';
import { formatProblem, hasErrors, parseIni } from '../shared/ini/ini.js';
import { writeFileAtomic } from '../shared/ports/files.js';

export const INIT_USAGE = 'ctl-agent init --from cluster.ini --machine NAME [-c agent.ini] [--force]';

/**
 * `ctl-agent init`: writes the first agent.ini of a host from what cluster.ini says of it, and answers what to tell the operator.
 * Errors: `usage` (the words; a host that the file does not have; an agent.ini that is there already), `config` (of cluster.ini).
 */
export async function initAgent(argv: readonly string[]): Promise<string> {
  const { from, machine, target, force } = readOptions(argv);
  const file = await readIniFile(from);
  if (!file.ok) throw new AppError('config', `${from}: ${file.why}`, { hint: 'name it by --from' });
  const { document, problems } = parseIni(file.bytes, from);
  if (hasErrors(problems)) {
    const errors = problems.filter((problem) => problem.severity === 'error').map(formatProblem);
    throw new AppError('config', errors.join('\n'), { hint: '`ctl config check` names all problems of a cluster.ini' });
  }
  const draft = draftAgent(document, machine);
  const paths = await withRealPaths(draft.paths);
  const text = formatAgentIni(draft, from, paths);
  assertMeant(text, target, draft, paths);
  if (!force && (await isThere(target)))
    throw new AppError('usage', `${target} is there already`, { hint: 'name another by -c, or replace it with --force' });
  await writeFileAtomic(target, text, 0o644);
  return report(target, draft);
}

function readOptions(argv: readonly string[]) {
  const values = parse(argv);
  const { from, machine } = values;
  if (from === undefined || machine === undefined || from === '' || machine === '')
    throw new AppError('usage', `init: ${from === undefined || from === '' ? '--from' : '--machine'} is missing`, { hint: INIT_USAGE });
  return { from, machine, target: values.config ?? 'agent.ini', force: values.force === true };
}

function parse(argv: readonly string[]) {
  try {
    const { values } = parseArgs({
      args: [...argv],
      options: {
        from: { type: 'string' },
        machine: { type: 'string' },
        config: { type: 'string', short: 'c' },
        force: { type: 'boolean' },
      },
    });
    return values;
  } catch (error) {
    throw new AppError('usage', `init: ${messageOf(error)}`, { hint: INIT_USAGE, cause: error });
  }
}

/** The agent asks its list for what a path really is, too: links that are here already are followed. */
async function withRealPaths(paths: readonly string[]): Promise<string[]> {
  // One that cannot be followed is told by the agent, when it is asked for.
  const follow = async (path: string) => (isAbsolute(path) ? realPathOf(path).catch(() => path) : path);
  const real = await Promise.all(paths.map(follow));
  return [...new Set(paths.flatMap((path, index) => [path, real[index] ?? path]))];
}

/** A name or a path that agent.ini has no way to write must not become another one. */
function assertMeant(text: string, target: string, draft: AgentDraft, paths: readonly string[]): void {
  const { config, problems } = parseAgentConfig(text, target);
  const lost = [
    ...problems.map(formatProblem),
    ...draft.services.filter((name) => config?.allow.services.patterns.includes(name) === false).map((name) => `service_name ${name}`),
    ...paths.filter((path) => config?.allow.paths.patterns.includes(path) === false),
  ];
  if (lost.length > 0)
    throw new AppError('config', `agent.ini cannot say this of ${draft.name}: ${lost.join('; ')}`, { hint: 'change it in cluster.ini' });
}

const isThere = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    (error: unknown) => {
      if (isErrno(error, 'ENOENT')) return false;
      throw error;
    },
  );

function report(target: string, { name, services, controller, commands }: AgentDraft): string {
  const missing = controller === null ? ['cluster.ini has no [controller] address yet: set it there, and `controller` here'] : [];
  const own =
    commands.length === 0 ? [] : [`the commands of ${commands.map((command) => command.name).join(', ')} were taken over: look at them`];
  return [`${target}: what ${name} allows for ${services.join(', ')}. Read it, and give it to root`, ...missing, ...own]
    .map((line) => `${line}\n`)
    .join('');
}
