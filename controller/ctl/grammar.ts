import { Command, Option } from 'commander';
import { AppError } from '../../shared/errors.js';
import type { CommonOptions, Invocation } from './invocation.js';
import { logOptions, rangeOptions, readLogFlags } from './log-options.js';
import { NOT_BUILT_OPTIONS, PATH_OF_A_START, refuseOption, type NotBuiltOption } from './not-built.js';
import { batchSize, count, duration, requestPath, seconds } from './option-values.js';
import { splitNames, type KnownOptions } from './words.js';

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
      const refused = refusals(action).find((one) => isTyped(command, one));
      if (refused !== undefined) throw refuseOption(refused);
      return action.read(typed, command.args, oldForm);
    },
  };
}

/** Option values by commander's attribute name. */
type Typed = Readonly<Record<string, unknown>>;

interface Action {
  readonly name: string;
  readonly summary: string;
  readonly operands: string;
  readonly options: readonly Option[];
  read(typed: Typed, operands: readonly string[], oldForm: boolean): Invocation;
}

const option = (flags: string, text: string, parse?: (value: string) => unknown): Option =>
  parse === undefined ? new Option(flags, text) : new Option(flags, text).argParser(parse);

const common = (): Option[] => [
  option('-c <file>', 'ini file (default: cluster.ini)'),
  option('-v', 'verbose'),
  option('--json', 'JSON on standard output'),
  option('--no-color', 'no colours'),
  option('--timeout <seconds>', 'limit for the whole call', seconds('--timeout')),
];

const selection = (): Option =>
  new Option('-s <names>', 'services: names, pool:1, host:web1, type:ZeoClient, globs').argParser(
    (value: string, before: string[] | undefined) => [...(before ?? []), value],
  );

const selectorsOf = (typed: Typed, operands: readonly string[]): string[] =>
  splitNames([...((typed.s as string[] | undefined) ?? []), ...operands]);

const commonOf = (typed: Typed): CommonOptions => ({
  file: (typed.c as string | undefined) ?? 'cluster.ini',
  json: typed.json === true,
  verbose: typed.v === true,
  color: typed.color !== false,
  timeoutMs: typed.timeout === undefined ? null : (typed.timeout as number) * 1000,
});

const roll = (name: 'start' | 'restart' | 'stop', summary: string): Action => ({
  name,
  summary,
  operands: '[services...]',
  options: [
    selection(),
    option('--dry-run', 'print the steps and do nothing'),
    option('--yes', 'do not ask'),
    option('--force', 'also where it takes clients out below min_active'),
    option('--batch <size>', 'clients that go at once: a number, a percentage, pool, auto', batchSize),
    option('--max-fail <n>', 'go on after so many failed clients', count('--max-fail')),
    option('--deadline <seconds>', 'limit for the whole roll', seconds('--deadline')),
    ...(name === 'stop' ? [] : [option('-R', 'rotate the logs of what is restarted before')]),
  ],
  read: (typed, operands, oldForm) => ({
    ...commonOf(typed),
    action: name,
    selectors: selectorsOf(typed, operands),
    oldForm,
    dryRun: typed.dryRun === true,
    yes: typed.yes === true,
    force: typed.force === true,
    batch: (typed.batch as string | undefined) ?? null,
    maxFail: (typed.maxFail as number | undefined) ?? null,
    deadlineS: (typed.deadline as number | undefined) ?? null,
    rotate: typed.R === true,
  }),
});

const id = (operands: readonly string[]): string => operands[0] ?? '';

const ACTIONS: readonly Action[] = [
  roll('start', 'start or restart clients, one after the other, without a failed request'),
  roll('restart', 'the same, and never asks'),
  roll('stop', 'take clients out of the balancer and stop them'),
  {
    name: 'rotate',
    summary: 'take logs away to their archives, without losing a line',
    operands: '[services...]',
    options: [selection(), option('--dry-run', 'say how, and what could be lost; do nothing')],
    read: (typed, operands) => ({
      ...commonOf(typed),
      action: 'rotate',
      selectors: selectorsOf(typed, operands),
      dryRun: typed.dryRun === true,
    }),
  },
  {
    name: 'check',
    summary: 'measure now: TCP, HTTP, memory, log',
    operands: '[services...]',
    options: [
      selection(),
      option('-u <path>', 'path to test instead of the home page', requestPath),
      option('--nagios', 'one line with perfdata, Nagios exit codes'),
    ],
    read: (typed, operands) => ({
      ...commonOf(typed),
      action: 'check',
      selectors: selectorsOf(typed, operands),
      path: (typed.u as string | undefined) ?? null,
      nagios: typed.nagios === true,
    }),
  },
  {
    name: 'status',
    summary: 'what was last seen, with its age, without measuring',
    operands: '[services...]',
    options: [selection(), option('--watch', 'again every 2 seconds, until Ctrl-C')],
    read: (typed, operands) => ({
      ...commonOf(typed),
      action: 'status',
      selectors: selectorsOf(typed, operands),
      watch: typed.watch === true,
    }),
  },
  {
    name: 'log',
    summary: 'search the logs of all clients on all hosts, or follow them',
    operands: '[services...]',
    options: [selection(), ...logOptions()],
    read: (typed, operands) => ({
      ...commonOf(typed),
      action: 'log',
      selectors: selectorsOf(typed, operands),
      flags: readLogFlags(typed),
    }),
  },
  {
    name: 'log stats',
    summary: 'entries by level, and the most repeated messages',
    operands: '[services...]',
    options: [selection(), ...rangeOptions()],
    read: (typed, operands) => ({
      ...commonOf(typed),
      action: 'log stats',
      selectors: selectorsOf(typed, operands),
      flags: readLogFlags(typed),
    }),
  },
  {
    name: 'balancer status',
    summary: 'what the balancers say of every client, and where it does not agree',
    operands: '',
    options: [],
    read: (typed) => ({ ...commonOf(typed), action: 'balancer status' }),
  },
  {
    name: 'balancer out',
    summary: 'take clients out of the balancer by hand; a roll leaves them out',
    operands: '[services...]',
    options: [
      selection(),
      option('--for <duration>', 'let them in again after so long (2h, 90m); without it somebody has to', duration('--for')),
      option('--reason <text>', 'why, for whoever looks'),
      option('--force', 'also below min_active'),
    ],
    read: (typed, operands) => ({
      ...commonOf(typed),
      action: 'balancer out',
      selectors: selectorsOf(typed, operands),
      force: typed.force === true,
      forS: (typed.for as number | undefined) ?? null,
      reason: (typed.reason as string | undefined) ?? null,
    }),
  },
  {
    name: 'balancer in',
    summary: 'let them in again',
    operands: '[services...]',
    options: [selection(), option('--force', 'also one that does not answer')],
    read: (typed, operands) => ({
      ...commonOf(typed),
      action: 'balancer in',
      selectors: selectorsOf(typed, operands),
      force: typed.force === true,
      forS: null,
      reason: null,
    }),
  },
  {
    name: 'operations list',
    summary: 'every start and stop, the newest last',
    operands: '',
    options: [],
    read: (typed) => ({ ...commonOf(typed), action: 'operations list' }),
  },
  {
    name: 'operations show',
    summary: 'what an operation did',
    operands: '<id>',
    options: [option('--follow', 'and what it does, to its end')],
    read: (typed, operands) => ({ ...commonOf(typed), action: 'operations show', id: id(operands), follow: typed.follow === true }),
  },
  {
    name: 'operations resume',
    summary: 'take a halted or interrupted operation up again',
    operands: '<id>',
    options: [],
    read: (typed, operands) => ({ ...commonOf(typed), action: 'operations resume', id: id(operands) }),
  },
  {
    name: 'operations abort',
    summary: 'finish or put back the client in hand, then end for good',
    operands: '<id>',
    options: [],
    read: (typed, operands) => ({ ...commonOf(typed), action: 'operations abort', id: id(operands) }),
  },
  {
    name: 'config check',
    summary: 'problems of cluster.ini, offline',
    operands: '',
    options: [],
    read: (typed) => ({ ...commonOf(typed), action: 'config check' }),
  },
  {
    name: 'config diff',
    summary: 'what a reload of cluster.ini would change for the controller',
    operands: '',
    options: [],
    read: (typed) => ({ ...commonOf(typed), action: 'config diff' }),
  },
  {
    name: 'config show',
    summary: 'each effective value and where it is written, offline',
    operands: '',
    options: [option('--raw', 'inherited and interpolated, as configparser gives it'), option('--secrets', 'passwords too')],
    read: (typed) => ({ ...commonOf(typed), action: 'config show', raw: typed.raw === true, secrets: typed.secrets === true }),
  },
  {
    name: 'config upgrade',
    summary: 'an old file in the modern form, on standard output',
    operands: '[file]',
    options: [option('--secrets', 'passwords too, on a terminal or with --json; into a file they always go')],
    read: (typed, operands) => ({
      ...commonOf(typed),
      action: 'config upgrade',
      source: operands[0] ?? null,
      secrets: typed.secrets === true,
    }),
  },
];

const isRoll = (action: Action): boolean => ['start', 'restart', 'stop'].includes(action.name);
const refusals = (action: Action): readonly NotBuiltOption[] =>
  isRoll(action) ? [...NOT_BUILT_OPTIONS, PATH_OF_A_START] : NOT_BUILT_OPTIONS;
/** Not by its value: `--no-mail` gives one to `mail` without being typed. */
const isTyped = (command: Command, refused: NotBuiltOption): boolean =>
  command.getOptionValueSource(new Option(refused.flags).attributeName()) === 'cli';

function commandOf(action: Action): Command {
  const command = new Command(`ctl ${action.name}`).description(action.summary).usage(`[options] ${action.operands}`.trim());
  if (action.operands !== '') command.argument(action.operands);
  for (const one of [...action.options, ...common()]) command.addOption(one);
  for (const one of refusals(action)) command.addOption(new Option(one.flags, one.what).hideHelp());
  return command
    .exitOverride()
    .showSuggestionAfterError(false)
    .configureOutput({ writeErr: () => undefined });
}

const HELP = `ctl restarts the clients of a live cluster without a failed request, and looks after it.

Usage:  ctl ACTION [SERVICE…] [options]
        ctl -a start|stop|check|log|rotate [-c cluster.ini] [-s A,B] [options]      the old form

${ACTIONS.map((action) => `  ${`${action.name} ${action.operands}`.trim().padEnd(26)} ${action.summary}`).join('\n')}

SERVICE: a name, pool:1, host:web1, type:ZeoClient or a glob; none means all.

Options of every action:
  -c FILE                    ini file (default: cluster.ini)
  --json                     JSON on standard output
  --timeout SECONDS          limit for the whole call
  -v, --no-color             verbose; no colours
  --help, --version          \`ctl ACTION --help\` shows the options of one action

Exit codes: 0 well, 1 critical or halted, 2 usage or configuration (nothing done), 3 some services failed or were skipped,
4 another operation holds the lock, 5 something could not be reached or measured, 130 interrupted.
`;
