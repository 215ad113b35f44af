import { Command, type Option } from 'commander';
import { AppError } from '../../../shared/errors.js';
import { EXIT_MEANINGS } from '../exit-codes.js';
import type { KnownOptions } from './words.js';
import { type Action, commonOptions, type Typed } from './action.js';
import { BALANCER } from './actions/balancer.js';
import { CHECK } from './actions/check.js';
import { COMPLETION } from './actions/completion.js';
import { CONFIG } from './actions/config.js';
import { EVENTS } from './actions/events.js';
import { LOCK } from './actions/lock.js';
import { LOG } from './actions/log.js';
import { LOGIN } from './actions/login.js';
import { MAIL } from './actions/mail.js';
import { MEM } from './actions/mem.js';
import { OPERATIONS } from './actions/operations.js';
import { PERF } from './actions/perf.js';
import { PURGE } from './actions/purge.js';
import { REPAIR } from './actions/repair.js';
import { ROLL } from './actions/roll.js';
import { ROTATE } from './actions/rotate.js';
import { STATUS } from './actions/status.js';

/** All actions with their options and operands: the parser, the help and the complaints come from here. */
export interface Grammar extends KnownOptions {
  /** By full name: `start`, `operations list`. */
  has(name: string): boolean;
  /** The parser of one action; made when it is asked for, since one is enough. */
  command(name: string): Command;
  /** Actions that have this option. */
  ownersOf(option: string): string[];
  /** What an action can begin with: `start`, `balancer`. */
  readonly firstWords: readonly string[];
  /** `status`, `out`, `in` of `balancer`; none of what is no group. */
  verbsOf(group: string): string[];
  help(): string;
  /** Of one action. */
  helpOf(name: string): string;
  /** Of the actions that begin with this word. */
  groupHelp(group: string): string;
  /** The invocation that a parsed command stands for. */
  read(name: string, command: Command, oldForm: boolean): Invocation;
}

export function createGrammar(): Grammar {
  const options = [...commonOptions(), ...ACTIONS.flatMap((action) => action.options)];
  const is = (name: string) => (one: Option) => one.short === name || one.long === name;
  return {
    has: (name) => ACTIONS.some((one) => one.name === name),
    command: (name) => commandOf(actionOf(name)),
    ownersOf: (option) => ACTIONS.filter((one) => one.options.some(is(option))).map(({ name }) => name),
    takesValue(name) {
      if (name === '-a') return true;
      if (['-h', '-V', '--help', '--version'].includes(name)) return false;
      return options.find(is(name))?.required;
    },
    firstWords: [...new Set(SHOWN.map(({ name }) => firstWord(name)))],
    verbsOf: (group) => verbsOf(group).map(({ name }) => name.slice(group.length + 1)),
    help: helpText,
    helpOf: (name) => `${commandOf(actionOf(name)).helpInformation()}${tailOf(name)}`,
    groupHelp: (group) => `Usage: ctl ${group} ACTION [options]\n\n${lines(verbsOf(group))}\n${optionsOfOne(`${group} ACTION`)}\n`,
    read: (name, command, oldForm) => actionOf(name).read(command.opts<Typed>(), command.args, oldForm),
  };
}

function actionOf(name: string): (typeof ACTIONS)[number] {
  const action = ACTIONS.find((one) => one.name === name);
  if (action === undefined) throw new AppError('internal', `there is no action ${name}`);
  return action;
}

/** In the order of the help. */
const PARTS = [
  ['Change the cluster', [...ROLL, ...REPAIR, ...ROTATE, ...PURGE]],
  ['Look at it', [...CHECK, ...STATUS, ...LOG, ...MEM, ...PERF, ...EVENTS]],
  ['The balancer', BALANCER],
  ['Operations: each of the changes above is one', [...OPERATIONS, ...LOCK]],
  ['Mail, configuration, shell', [...MAIL, ...CONFIG, ...LOGIN, ...COMPLETION]],
] as const;

export const ACTIONS = PARTS.flatMap(([, actions]): readonly (typeof actions)[number][] => actions);

/** What was typed, understood and complete: nothing in it is looked at twice, and nothing that was typed is missing from it. */
export type Invocation = ReturnType<(typeof ACTIONS)[number]['read']>;

const SHOWN = ACTIONS.filter(({ hidden }) => hidden !== true);
const firstWord = (name: string): string => name.replace(/ .*/, '');
const verbsOf = (group: string): Action[] => SHOWN.filter(({ name }) => name.startsWith(`${group} `));

function commandOf(action: Action): Command {
  const command = new Command(`ctl ${action.name}`).description(action.summary).usage(`[options] ${action.operands}`.trim());
  if (action.operands !== '') command.argument(action.operands);
  for (const one of [...action.options, ...commonOptions()]) command.addOption(one);
  return command
    .helpOption('-h, --help', 'this text')
    .exitOverride()
    .showSuggestionAfterError(false)
    .configureOutput({ writeErr: () => undefined });
}

const lines = (actions: readonly Action[]): string =>
  actions
    .filter(({ hidden }) => hidden !== true)
    .map(({ name, operands, summary }) => `  ${`${name} ${operands}`.trim().padEnd(26)} ${summary}\n`)
    .join('');

const optionsOfOne = (what: string): string => `\`ctl ${what} --help\` shows the options of one action.`;

/** What stands under the options of an action. */
function tailOf(name: string): string {
  const examples = ACTIONS.find((one) => one.name === name)?.examples ?? [];
  const more = verbsOf(name);
  return [
    ...(examples.length === 0 ? [] : [`\nExamples:\n${examples.map(([line, what]) => `  ${line.padEnd(46)} ${what}\n`).join('')}`]),
    ...(more.length === 0 ? [] : [`\nSee also:\n${lines(more)}`]),
  ].join('');
}

const helpText = (): string => `ctl restarts the clients of a live cluster without a failed request, and looks after it.

Usage:  ctl ACTION [SERVICE…] [options]
        ctl -a start|stop|check|repair|mem|log|rotate|purge [-c cluster.ini] [-s A,B] [options]      the old form

${PARTS.map(([title, actions]) => `${title}:\n${lines(actions)}`).join('\n')}
SERVICE: a name, pool:1, host:web1, type:ZeoClient or a glob; none means all.

Options of every action:
  -c FILE                    ini file (default: cluster.ini)
  --json                     JSON on standard output
  --timeout DURATION         limit for the whole call: 30 (seconds), 5m, 2h
  -v, --no-color             verbose; no colours
  --help, --version          ${optionsOfOne('ACTION').replace(/\.$/, '')}

Exit codes:
${EXIT_MEANINGS.map(([code, meaning]) => `  ${String(code).padEnd(26)} ${meaning}`).join('\n')}
`;
