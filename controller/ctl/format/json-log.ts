import type { LogEvent, LogResult, LogStats } from '../../../shared/model/log-search.js';
import { isoTime } from './units.js';

const timeOf = (time: number | null): string | null => (time === null ? null : isoTime(time));

/** The lines of `ctl log --json`: one for each hit, and for each entry beside one. */
export const entriesToJson = ({ service, host, file, entries }: Extract<LogEvent, { type: 'entries' }>): object[] =>
  entries.map(({ kind, time, level, offset, lines, text }) => ({
    type: kind,
    service,
    host,
    file,
    time: timeOf(time),
    level,
    offset_bytes: offset,
    lines,
    text,
  }));

/** Its last line. `ended` false: it was broken off, and there may be more. */
export function logResultToJson(
  { services }: LogResult,
  { exit, complete }: { readonly exit: number; readonly complete: boolean },
): object {
  const omitted = sum(services.map((one) => one.omitted));
  return {
    type: 'result',
    schema: 1,
    action: 'log',
    exit,
    // Where only lines were counted nobody knows how many entries they are.
    hits: services.some((one) => one.hits === null) ? null : sum(services.map((one) => one.hits ?? 0)),
    matching_lines: sum(services.map((one) => one.matchingLines)),
    truncated: omitted > 0 || !complete,
    more: omitted,
    services: services.map((one) => ({
      name: one.name,
      hits: one.hits,
      matching_lines: one.matchingLines,
      scanned_bytes: complete ? one.scannedBytes : null,
      why: one.why,
      host: one.host,
      notes: one.notes,
    })),
  };
}

/** `ctl log stats --json`. */
export const logStatsToJson = ({ exit, services }: LogResult): object => ({
  schema: 1,
  action: 'log stats',
  exit,
  services: services.map(({ name, host, stats, why, scannedBytes, notes }) => ({
    name,
    host,
    scanned_bytes: scannedBytes,
    why,
    notes,
    ...statsToJson(stats),
  })),
});

const statsToJson = (stats: LogStats | null): object => ({
  entries: stats?.entries ?? null,
  first: timeOf(stats?.first ?? null),
  last: timeOf(stats?.last ?? null),
  levels: stats?.levels.map(({ level, entries }) => ({ level, entries })) ?? null,
  messages:
    stats?.messages.map(({ text, level, entries, first, last }) => ({ text, level, entries, first: timeOf(first), last: timeOf(last) })) ??
    null,
});

const sum = (numbers: readonly number[]): number => numbers.reduce((total, one) => total + one, 0);
