import { LOG_LEVEL_NAMES, type FoundEntry, type LogQuery } from '../../shared/model/log-search.js';
import type { LineTest } from './line-test.js';
import type { ScannedEntry } from './scanned.js';
import { timeOf } from './times.js';

/** Of all entries that a scan comes across, those that were asked for; and how many they are. */
export interface Selection {
  /** What is to be sent of these. `written`: when their file was written last. */
  take(entries: readonly ScannedEntry[], written: number): FoundEntry[];
  /** What was held back until the end (`tail`). */
  rest(): FoundEntry[];
  /** Behind this nothing was left out: the next entries do not follow the ones before. */
  readonly hits: number;
  readonly matchingLines: number;
  readonly omitted: number;
}

/** `ignored`: entries that count for nothing, by one of their lines. `every`: an entry needs no matching line. */
export interface SelectionOptions {
  readonly query: Pick<LogQuery, 'level' | 'context' | 'max' | 'tail' | 'range' | 'output'>;
  readonly every: boolean;
  readonly ignored: LineTest | null;
}

export function createSelection({ query, every, ignored }: SelectionOptions): Selection {
  const { context, max, tail, range } = query;
  const least = query.level === null ? -1 : LOG_LEVEL_NAMES.indexOf(query.level);
  const bounds = range.kind === 'between' ? range : null;
  /** Entries before a hit that may come, and how many are still wanted after the last one. */
  let before: FoundEntry[] = [];
  let after = 0;
  let held: FoundEntry[] = [];
  let heldHits = 0;
  let hits = 0;
  let matchingLines = 0;
  let omitted = 0;

  return {
    take(entries, written) {
      const sent: FoundEntry[] = [];
      for (const entry of entries) {
        if (isHit(entry, written)) hit(entry, written, sent);
        else if (context > 0) beside(entry, written, sent);
      }
      return sent;
    },
    rest() {
      dropFirst();
      return held.splice(0);
    },
    get hits() {
      return hits;
    },
    get matchingLines() {
      return matchingLines;
    },
    get omitted() {
      return omitted;
    },
  };

  function isHit(entry: ScannedEntry, written: number): boolean {
    if (!every && entry.matching === 0) return false;
    if (least >= 0 && levelOf(entry) < least) return false;
    if (bounds !== null && !isBetween(entry, written)) return false;
    if (every && isBlank(entry)) return false;
    return ignored?.(entry.text().split('\n')).includes(true) !== true;
  }

  function hit(entry: ScannedEntry, written: number, sent: FoundEntry[]): void {
    hits += 1;
    matchingLines += every ? entry.lines : entry.matching;
    if (query.output === 'count') return;
    if (tail === null && max !== null && hits > max) {
      omitted += 1;
      return;
    }
    const found = [...before.splice(0).slice(-context), foundOf('hit', entry, written, every ? entry.lines : entry.matching)];
    after = context;
    if (tail === null) sent.push(...found);
    else hold(found);
  }

  /** Entries without a time belong to what stands before them: they are in no range of their own. */
  function isBetween({ header }: ScannedEntry, written: number): boolean {
    const time = header === null ? null : timeOf(header.time, written);
    if (time === null || bounds === null) return false;
    return (bounds.since === null || time >= bounds.since) && (bounds.until === null || time < bounds.until);
  }

  function beside(entry: ScannedEntry, written: number, sent: FoundEntry[]): void {
    if (isBlank(entry)) return;
    const found = foundOf('context', entry, written, 0);
    if (after > 0 && omitted === 0) {
      after -= 1;
      if (tail === null) sent.push(found);
      else held.push(found);
      return;
    }
    before.push(found);
    if (before.length > 2 * context) before = before.slice(-context);
  }

  /** Of the last hits only, each with what stands beside it. What came before is dropped seldom: each time costs as much as there is. */
  function hold(found: readonly FoundEntry[]): void {
    held.push(...found);
    heldHits += 1;
    if (hits > (tail ?? 0)) omitted += 1;
    if (heldHits >= 2 * (tail ?? 0) + DROPPED_AT_ONCE) dropFirst();
  }

  function dropFirst(): void {
    const over = heldHits - (tail ?? 0);
    if (over <= 0) return;
    const hitsAt = held.flatMap(({ kind }, at) => (kind === 'hit' ? [at] : []));
    const last = hitsAt[over - 1] ?? 0;
    held = held.slice(Math.max(last + 1, (hitsAt[over] ?? held.length) - context));
    heldHits -= over;
  }
}

const DROPPED_AT_ONCE = 256;

const foundOf = (kind: FoundEntry['kind'], entry: ScannedEntry, written: number, matching: number): FoundEntry => ({
  kind,
  time: entry.header === null ? null : timeOf(entry.header.time, written),
  level: entry.header?.level ?? null,
  offset: entry.offset,
  lines: entry.lines,
  matching,
  text: entry.text(),
});

const levelOf = ({ header }: ScannedEntry): number => LOG_LEVEL_NAMES.findIndex((level) => level === header?.level);
const isBlank = (entry: ScannedEntry): boolean => entry.header === null && /^(?:-{6})?\s*$/.test(entry.text());
