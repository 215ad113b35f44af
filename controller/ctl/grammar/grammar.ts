import { Command } from 'commander';
import { AppError } from '../../../shared/errors.js';
import { EXIT_MEANINGS } from '../exit-codes.js';
import type { Invocation } from '../invocation.js';
import type { KnownOptions } from '../words.js';
import { type Action, commonOptions, type Typed } from './action.js';
import { BALANCER } from './balancer.js';
import { CONFIG } from './config.js';
import { EVENTS } from './events.js';
import { LOCK } from './lock.js';
import { LOGIN } from './login.js';
import { LOOKS } from './looks.js';
import { MAIL } from './mail.js';
import { MEASURES } from './measures.js';
import { OPERATIONS } from './operations.js';
import { PURGE } from './purge.js';
import { ROLLS } from './rolls.js';
import { SHELL } from './shell.js';

/** All actions with their options and operands: the parser, the help and the complaints come from here. */
export interface Grammar extends KnownOptions {
  /** By full name: `start`, `operations list`. */
  readonly commands: ReadonlyMap<string, Command>;
  nameOf(command: Command): string;
  /** Actions that have this option. */
  ownersOf(option: string): string[];
  help(): string;
  /** The invocation that a parsed command stands for. */
  read(name: string, command: Command, oldForm: boolean): Invocation;
}

export function createGrammar(): Grammar {
  const commands = new Map(ACTIONS.map((action) => [action.name, commandOf(action)]));
  const options = [...commands.values()].flatMap((command) => command.options);
  const find = (name: string) => options.find((one) => one.short === name || one.long === name);
  return {
    commands,
    nameOf: (command) => [...commands].find(([, one]) => one === command)?.[0] ?? command.name(),
    ownersOf: (option) =>
      [...commands].filter(([, one]) => one.options.some((o) => o.short === option || o.long === option)).map(([name]) => name),
    takesValue(name) {
      if (name === '-a') return true;
      if (['-h', '-V', '--help', '--version'].includes(name)) return false;
      return find(name)?.required;
    },
    help: () => HELP,
    read(name, command, oldForm) {
      const action = ACTIONS.find((one) => one.name === name);
      if (action === undefined) throw new AppError('internal', `the action ${name} cannot be read`);
      const typed = command.opts<Typed>();
      return action.read(typed, command.args, oldForm);
    },
  };
}

/** In the order of the help. */
export const ACTIONS: readonly Action[] = [
  ...ROLLS,
  ...PURGE,
  ...LOOKS,
  ...MEASURES,
  ...EVENTS,
  ...BALANCER,
  ...OPERATIONS,
  ...LOCK,
  ...MAIL,
  ...CONFIG,
  ...LOGIN,
  ...SHELL,
];

function commandOf(action: Action): Command {
  const command = new Command(`ctl ${action.name}`).description(action.summary).usage(`[options] ${action.operands}`.trim());
  if (action.operands !== '') command.argument(action.operands);
  for (const one of [...action.options, ...commonOptions()]) command.addOption(one);
  return command
    .exitOverride()
    .showSuggestionAfterError(false)
    .configureOutput({ writeErr: () => undefined });
}

const HELP = `ctl restarts the clients of a live cluster without a failed request, and looks after it.

Usage:  ctl ACTION [SERVICE…] [options]
        ctl -a start|stop|check|repair|mem|log|rotate|purge [-c cluster.ini] [-s A,B] [options]      the old form

${ACTIONS.filter(({ hidden }) => hidden !== true)
  .map((action) => `  ${`${action.name} ${action.operands}`.trim().padEnd(26)} ${action.summary}`)
  .join('\n')}

SERVICE: a name, pool:1, host:web1, type:ZeoClient or a glob; none means all.

Options of every action:
  -c FILE                    ini file (default: cluster.ini)
  --json                     JSON on standard output
  --timeout SECONDS          limit for the whole call
  -v, --no-color             verbose; no colours
  --help, --version          \`ctl ACTION --help\` shows the options of one action

Exit codes:
${EXIT_MEANINGS.map(([code, meaning]) => `  ${String(code).padEnd(26)} ${meaning}`).join('\n')}
`;
