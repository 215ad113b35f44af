import { Option } from 'commander';
import { AppError } from '../../../../shared/errors.js';
import { LOG_LEVEL_NAMES, type LogLevelName } from '../../../../shared/model/log-search.js';
import { type Action, commonOf, selection, selectorsOf } from '../action.js';
import { count } from '../option-values.js';

export interface LogInvocation {
  readonly action: 'log' | 'log stats';
  readonly selectors: readonly string[];
  readonly flags: LogFlags;
}

export interface LogFlags {
  readonly pattern: string | null;
  readonly ignoreCase: boolean;
  readonly follow: boolean;
  readonly tail: number | null;
  readonly level: LogLevelName | null;
  readonly all: boolean;
  readonly archives: boolean;
  /** As typed. */
  readonly since: string | null;
  readonly until: string | null;
  readonly count: boolean;
  readonly context: number;
  readonly max: number | null;
}

/** The options of `ctl log`, and what of them `ctl log stats` has. */
const logOptions = (): Option[] => [
  new Option('-p <regex>', 'what to look for; default: critical_errors of cluster.ini'),
  new Option('-i', 'upper and lower case are the same'),
  new Option('-f', 'go on with what is written from now on, until Ctrl-C'),
  new Option('--tail <n>', 'only the last n of each service').argParser(count('--tail')),
  new Option('--level <level>', 'entries of this level and above').choices(LOG_LEVEL_NAMES).argParser(level),
  ...rangeOptions(),
  new Option('--count', 'only how many lines match'),
  new Option('--context <n>', 'n entries before and after each').argParser(count('--context')),
  new Option('--max <n>', 'show at most n, and say how many more there are').argParser(count('--max')),
];

/** Where to look; default: since the last start of each service. */
const rangeOptions = (): Option[] => [
  new Option('--all', 'all of the log, not only what is since the last start'),
  new Option('--archives', 'and what has been rotated away'),
  new Option('--since <time>', 'from then on: 2024-09-25, 16:30, "2024-09-25 16:30", 2h, 3d'),
  new Option('--until <time>', 'up to then'),
];

export const LOG: readonly Action<LogInvocation>[] = [
  {
    name: 'log',
    summary: 'search the logs of all clients on all hosts, or follow them',
    operands: '[services...]',
    examples: [
      ['ctl log', 'critical entries of all clients since their last start'],
      ["ctl log -p 'ConflictError' --since 2h", 'a pattern, on all hosts'],
      ['ctl log zeoclient1.1 -f', 'what is written from now on'],
      ['ctl log zeoclient1.1 --tail 20', 'the last entries'],
    ],
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
];

function readLogFlags(typed: Readonly<Record<string, unknown>>): LogFlags {
  return {
    pattern: textOf(typed.p),
    ignoreCase: typed.i === true,
    follow: typed.f === true,
    tail: numberOf(typed.tail),
    level: (typed.level as LogLevelName | undefined) ?? null,
    all: typed.all === true,
    archives: typed.archives === true,
    since: textOf(typed.since),
    until: textOf(typed.until),
    count: typed.count === true,
    context: numberOf(typed.context) ?? 0,
    max: numberOf(typed.max),
  };
}

const textOf = (value: unknown): string | null => (typeof value === 'string' ? value : null);
const numberOf = (value: unknown): number | null => (typeof value === 'number' ? value : null);

function level(value: string): LogLevelName {
  const asked = value.toUpperCase();
  const found = LOG_LEVEL_NAMES.find((name) => name === asked || (asked.length >= 4 && name.startsWith(asked)));
  if (found !== undefined) return found;
  throw new AppError('usage', `--level ${value}: not a level`, { hint: `one of ${LOG_LEVEL_NAMES.join(', ')}` });
}
