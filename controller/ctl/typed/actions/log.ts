import { Option } from 'commander';
import { AppError } from '../../../../shared/errors.js';
import { LOG_LEVEL_NAMES, type LogLevelName } from '../../../../shared/model/log-search.js';
import type { LogFlags } from '../invocation.js';
import { count } from '../option-values.js';

/** The options of `ctl log`, and what of them `ctl log stats` has. */
export const logOptions = (): Option[] => [
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
export const rangeOptions = (): Option[] => [
  new Option('--all', 'all of the log, not only what is since the last start'),
  new Option('--archives', 'and what has been rotated away'),
  new Option('--since <time>', 'from then on: 2024-09-25, 16:30, "2024-09-25 16:30", 2h, 3d'),
  new Option('--until <time>', 'up to then'),
];

export function readLogFlags(typed: Readonly<Record<string, unknown>>): LogFlags {
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
