import { AppError } from '../../../shared/errors.js';
import { parseLogPattern } from '../../../shared/model/log-pattern.js';
import type { LogQuery } from '../../../shared/model/log-search.js';
import type { LogFlags } from '../typed/actions/log.js';

/** The question that the flags stand for. Throws `usage` for what contradicts itself, and for a pattern that is none, with its place. */
export function logQueryOf(flags: LogFlags, output: LogQuery['output'], now: number): LogQuery {
  refuseContradictions(flags);
  if (flags.pattern !== null) parseLogPattern(flags.pattern, flags);
  const range = rangeOf(flags, now);
  return {
    what: whatOf(flags),
    output,
    range,
    level: flags.level,
    context: flags.context,
    max: flags.max,
    // Who follows wants what comes; what has been only if he says how much of it.
    tail: flags.tail ?? (flags.follow && range.kind === 'since-start' ? 0 : null),
    follow: flags.follow,
  };
}

function whatOf({ pattern, ignoreCase, follow, tail, level }: LogFlags): LogQuery['what'] {
  if (pattern !== null) return { kind: 'pattern', pattern, ignoreCase };
  // As `tail -f`, and as the name of the level says.
  return follow || tail !== null || level !== null ? { kind: 'every' } : { kind: 'critical' };
}

function rangeOf({ all, archives, since, until, tail, pattern, level }: LogFlags, now: number): LogQuery['range'] {
  if (since !== null || until !== null) {
    const range = {
      since: since === null ? null : parseTime('--since', since, now),
      until: until === null ? null : parseTime('--until', until, now),
    };
    if (range.since !== null && range.until !== null && range.since >= range.until)
      throw new AppError('usage', `--since ${since ?? ''} is not before --until ${until ?? ''}`);
    return { kind: 'between', ...range };
  }
  // The last ones of all are meant.
  const last = tail !== null && pattern === null && level === null;
  return all || archives || last ? { kind: 'all', archives } : { kind: 'since-start' };
}

function refuseContradictions(flags: LogFlags): void {
  const { follow, count, until, since, all, tail, pattern, ignoreCase, context, max } = flags;
  const clash = [
    [follow && count, '-f and --count'],
    [follow && until !== null, '-f and --until'],
    [(since !== null || until !== null) && all, '--all and a time'],
    [tail !== null && count, '--tail and --count'],
    [context > 0 && count, '--context and --count'],
    [max !== null && count, '--max and --count'],
    [max !== null && tail !== null, '--max and --tail'],
  ].find(([both]) => both === true);
  if (clash !== undefined)
    throw new AppError('usage', `${String(clash[1])} do not go together`, { hint: '`ctl log --help` explains both' });
  if (ignoreCase && pattern === null) throw new AppError('usage', '-i goes with -p', { hint: 'for example `-i -p conflicterror`' });
}

/** Epoch ms of `2024-09-25`, `16:30` (today), `2024-09-25 16:30[:05]` with or without a zone, `2h` (ago): by the clock of this host. */
export function parseTime(option: string, text: string, now: number): number {
  const ago = /^(\d{1,6})\s?([smhdw])$/.exec(text.trim());
  if (ago !== null) return now - Number(ago[1]) * (UNITS[ago[2] ?? ''] ?? 0);
  const match = /^(?:(\d{4})-(\d\d)-(\d\d))?(?:(?:^|[T ])(\d\d?):(\d\d)(?::(\d\d)(?:[.,](\d{1,3}))?)?)?\s?(Z|[+-]\d\d:?\d\d)?$/.exec(
    text.trim(),
  );
  const [, year, month, day, hour, minute, second, fraction = '', zone] = match ?? [];
  if (match === null || (year === undefined && hour === undefined) || (zone !== undefined && hour === undefined))
    throw noTime(option, text);
  const today = new Date(now);
  const date = [
    Number(year ?? today.getFullYear()),
    month === undefined ? today.getMonth() : Number(month) - 1,
    Number(day ?? today.getDate()),
  ] as const;
  const time = [Number(hour ?? 0), Number(minute ?? 0), Number(second ?? 0), Number(fraction.padEnd(3, '0'))] as const;
  const plain = Date.UTC(...date, ...time);
  const check = new Date(plain);
  if (check.getUTCDate() !== date[2] || check.getUTCMonth() !== date[1] || time[0] > 23 || time[1] > 59 || time[2] > 59)
    throw noTime(option, text);
  return zone === undefined ? new Date(...date, ...time).getTime() : plain - offsetMs(zone);
}

const UNITS: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 7 * 86_400_000 };

function offsetMs(zone: string): number {
  if (zone === 'Z') return 0;
  const [, sign, hours, minutes] = /^([+-])(\d\d):?(\d\d)$/.exec(zone) ?? [];
  return (sign === '-' ? -1 : 1) * (Number(hours) * 60 + Number(minutes)) * 60_000;
}

const noTime = (option: string, text: string): AppError =>
  new AppError('usage', `${option} ${text}: not a time`, { hint: 'for example 2024-09-25, "2024-09-25 16:30", 16:30, 2h, 3d' });
