import type {
  FoundEntries,
  FoundEntry,
  LogEvent,
  LogLevelName,
  LogPart,
  LogQuery,
  LogRequest,
  LogStats,
  LogSummary,
} from '../model/log-search.js';
import { LOG_LEVEL_NAMES } from '../model/log-search.js';
import { AppError } from '../errors.js';
import { enumCodec, fromInt64, fromWrittenTime, known, toInt64, toUint32, unreadable } from './fields.js';
import {
  LogQuery_Output as Output,
  type FoundEntries as WireEntries,
  type FoundEntry as WireEntry,
  type LogEvent as WireEvent,
  type LogPart as WirePart,
  type LogQuery as WireQuery,
  type LogRequest as WireRequest,
  type LogStats as WireStats,
  type LogSummary as WireSummary,
} from './gen/ctl/v1/log.js';

const outputs = enumCodec<LogQuery['output'], Output>({
  entries: Output.OUTPUT_ENTRIES,
  count: Output.OUTPUT_COUNT,
  stats: Output.OUTPUT_STATS,
});

export const queryToWire = (query: LogQuery): WireQuery => ({
  what: whatToWire(query.what),
  output: outputs.toWire(query.output),
  range: rangeToWire(query.range),
  level: query.level ?? undefined,
  context: toUint32(query.context, '--context'),
  max: query.max === null ? undefined : toUint32(query.max, '--max'),
  tail: query.tail === null ? undefined : toUint32(query.tail, '--tail'),
  follow: query.follow,
});

/** Throws `unsupported` for what a later version asks: half a question would get a wrong answer. */
export function queryFromWire(wire: WireQuery | undefined): LogQuery {
  if (wire === undefined) throw unreadable('question', 'none');
  return {
    what: whatFromWire(wire),
    output: known(outputs.fromWire(wire.output), 'kind of answer', wire.output),
    range: rangeFromWire(wire),
    level: wire.level === undefined ? null : levelFromWire(wire.level),
    context: atMost(wire.context, MAX_CONTEXT, '--context'),
    max: wire.max ?? null,
    tail: wire.tail === undefined ? null : atMost(wire.tail, MAX_TAIL, '--tail'),
    follow: wire.follow,
  };
}

/** An agent holds as many back until it has seen the end. */
const MAX_TAIL = 100_000;
const MAX_CONTEXT = 1_000;

function atMost(count: number, most: number, option: string): number {
  if (count <= most) return count;
  throw new AppError('usage', `${option} ${count} is too many: at most ${most}`, {
    hint: 'without it everything is shown, as it is found',
  });
}

function whatToWire(what: LogQuery['what']): WireQuery['what'] {
  if (what.kind !== 'pattern') return { $case: what.kind, value: {} };
  return { $case: 'pattern', value: { pattern: what.pattern, ignoreCase: what.ignoreCase } };
}

function whatFromWire({ what }: WireQuery): LogQuery['what'] {
  if (what === undefined) throw unreadable('search', 'none');
  return what.$case === 'pattern' ? { kind: 'pattern', ...what.value } : { kind: what.$case };
}

function rangeToWire(range: LogQuery['range']): WireQuery['range'] {
  switch (range.kind) {
    case 'since-start':
      return { $case: 'sinceStart', value: {} };
    case 'all':
      return { $case: 'all', value: { archives: range.archives } };
    case 'between':
      return { $case: 'between', value: { sinceMs: timeToWire(range.since, '--since'), untilMs: timeToWire(range.until, '--until') } };
  }
}

function rangeFromWire({ range }: WireQuery): LogQuery['range'] {
  switch (range?.$case) {
    case 'sinceStart':
      return { kind: 'since-start' };
    case 'all':
      return { kind: 'all', archives: range.value.archives };
    case 'between':
      return { kind: 'between', since: timeFromWire(range.value.sinceMs), until: timeFromWire(range.value.untilMs) };
    case undefined:
      throw unreadable('range', 'none');
  }
}

const levelFromWire = (level: string): LogLevelName =>
  known(
    LOG_LEVEL_NAMES.find((name) => name === level),
    'level',
    level,
  );

const timeToWire = (time: number | null, what = 'time of an entry'): bigint | undefined =>
  time === null ? undefined : toInt64(time, what);
const timeFromWire = (time: bigint | undefined): number | null => (time === undefined ? null : fromWrittenTime(time, 'time of an entry'));

export const logPartToWire = (part: LogPart): WirePart => ({
  part: part.type === 'entries' ? { $case: 'found', value: entriesToWire(part) } : { $case: 'summary', value: summaryToWire(part.summary) },
});

export function logPartFromWire({ part }: WirePart): LogPart {
  if (part === undefined) throw unreadable('part of a search', 'none');
  return part.$case === 'found' ? entriesFromWire(part.value) : { type: 'summary', summary: summaryFromWire(part.value) };
}

const entriesToWire = ({ file, entries, notes = [] }: FoundEntries): WireEntries => ({
  file,
  notes: [...notes],
  entries: entries.map(entryToWire),
  text: entries.map(({ text }) => text).join(''),
});

function entriesFromWire({ file, entries, text, notes }: WireEntries): FoundEntries {
  let at = 0;
  return {
    type: 'entries',
    file,
    ...(notes.length === 0 ? {} : { notes }),
    entries: entries.map((wire) => entryFromWire(wire, text.slice(at, (at += wire.length)))),
  };
}

const entryToWire = (entry: FoundEntry): WireEntry => ({
  context: entry.kind === 'context',
  timeMs: timeToWire(entry.time),
  level: entry.level ?? undefined,
  offset: toInt64(entry.offset, 'offset of an entry'),
  lines: toUint32(entry.lines, 'number of lines'),
  matching: toUint32(entry.matching, 'number of lines'),
  length: entry.text.length,
});
const entryFromWire = (wire: WireEntry, text: string): FoundEntry => ({
  kind: wire.context ? 'context' : 'hit',
  time: timeFromWire(wire.timeMs),
  level: wire.level ?? null,
  offset: fromInt64(wire.offset, 'offset of an entry'),
  lines: wire.lines,
  matching: wire.matching,
  text,
});

const summaryToWire = (summary: LogSummary): WireSummary => ({
  hits: summary.hits === null ? undefined : toInt64(summary.hits, 'number of hits'),
  matchingLines: toInt64(summary.matchingLines, 'number of lines'),
  scannedBytes: toInt64(summary.scannedBytes, 'number of bytes'),
  since: summary.since ?? undefined,
  omitted: toInt64(summary.omitted, 'number of hits'),
  notes: [...summary.notes],
  why: summary.why ?? undefined,
  stats: summary.stats === null ? undefined : statsToWire(summary.stats),
});
const summaryFromWire = (wire: WireSummary): LogSummary => ({
  hits: wire.hits === undefined ? null : fromInt64(wire.hits, 'number of hits'),
  matchingLines: fromInt64(wire.matchingLines, 'number of lines'),
  scannedBytes: fromInt64(wire.scannedBytes, 'number of bytes'),
  since: wire.since ?? null,
  omitted: fromInt64(wire.omitted, 'number of hits'),
  notes: wire.notes,
  why: wire.why ?? null,
  stats: wire.stats === undefined ? null : statsFromWire(wire.stats),
});

const statsToWire = (stats: LogStats): WireStats => ({
  entries: toInt64(stats.entries, 'number of entries'),
  firstMs: timeToWire(stats.first),
  lastMs: timeToWire(stats.last),
  levels: stats.levels.map(({ level, entries }) => ({ level: level ?? undefined, entries: toInt64(entries, 'number of entries') })),
  messages: stats.messages.map(({ text, level, entries, first, last }) => ({
    text,
    level: level ?? undefined,
    entries: toInt64(entries, 'number of entries'),
    firstMs: timeToWire(first),
    lastMs: timeToWire(last),
  })),
});
const statsFromWire = (wire: WireStats): LogStats => ({
  entries: fromInt64(wire.entries, 'number of entries'),
  first: timeFromWire(wire.firstMs),
  last: timeFromWire(wire.lastMs),
  levels: wire.levels.map(({ level, entries }) => ({ level: level ?? null, entries: fromInt64(entries, 'number of entries') })),
  messages: wire.messages.map(({ text, level, entries, firstMs, lastMs }) => ({
    text,
    level: level ?? null,
    entries: fromInt64(entries, 'number of entries'),
    first: timeFromWire(firstMs),
    last: timeFromWire(lastMs),
  })),
});

export const logRequestToWire = ({ selectors, query }: LogRequest): WireRequest => ({
  selectors: [...selectors],
  query: queryToWire(query),
});
export const logRequestFromWire = ({ selectors, query }: WireRequest): LogRequest => ({ selectors, query: queryFromWire(query) });

export function logEventToWire(event: LogEvent): WireEvent {
  if (event.type === 'entries') {
    return { event: { $case: 'found', value: { service: event.service, host: event.host, found: entriesToWire(event) } } };
  }
  const { exit, services } = event.result;
  const wired = services.map(({ name, host, ...summary }) => ({ name, host, summary: summaryToWire(summary) }));
  return { event: { $case: 'result', value: { exit: toUint32(exit, 'exit code'), services: wired } } };
}

export function logEventFromWire({ event }: WireEvent): LogEvent {
  switch (event?.$case) {
    case 'found': {
      const { service, host, found } = event.value;
      return { ...entriesFromWire(found ?? { file: '', entries: [], text: '', notes: [] }), service, host };
    }
    case 'result': {
      const services = event.value.services.map(({ name, host, summary }) => {
        if (summary === undefined) throw unreadable('result of a search', name);
        return { ...summaryFromWire(summary), name, host };
      });
      return { type: 'result', result: { exit: event.value.exit, services } };
    }
    case undefined:
      throw unreadable('event of a search', 'none');
  }
}
