import type { LogStats } from '../../shared/model/log-search.js';
import type { ScannedEntry } from './scanned.js';
import { timeOf } from './times.js';

export interface Statistics {
  add(entries: readonly ScannedEntry[], written: number): void;
  report(): LogStats;
}

interface Seen {
  level: string | null;
  entries: number;
  first: number | null;
  last: number | null;
}

/** Sums entries up: by level, and messages that differ only in numbers and ids. Memory is bounded: rare messages give way to new ones, those of errors last. */
export function createStatistics(): Statistics {
  const levels = new Map<string | null, number>();
  let messages = new Map<string, Seen>();
  let count = 0;
  let first: number | null = null;
  let last: number | null = null;

  return {
    add(entries, written) {
      for (const entry of entries) {
        if (entry.isRest) continue;
        const text = entry.text();
        if (entry.header === null && text.replace(/^-{6}$/, '').trim() === '') continue;
        const level = entry.header?.level ?? null;
        const time = entry.header === null ? null : timeOf(entry.header.time, written);
        count += 1;
        levels.set(level, (levels.get(level) ?? 0) + 1);
        first = earlier(first, time);
        last = later(last, time);
        note(foldMessage(text), level, time);
      }
    },
    report: () => ({
      entries: count,
      first,
      last,
      levels: [...levels].map(([level, entries]) => ({ level, entries })).sort((a, b) => b.entries - a.entries),
      messages: foremost(messages, MAX_REPORTED).map(([text, seen]) => ({ text, ...seen })),
    }),
  };

  function note(text: string, level: string | null, time: number | null): void {
    const seen = messages.get(text);
    if (seen === undefined) {
      if (messages.size >= MAX_MESSAGES) messages = new Map(foremost(messages, MAX_MESSAGES / 2));
      messages.set(text, { level, entries: 1, first: time, last: time });
      return;
    }
    seen.entries += 1;
    seen.first = earlier(seen.first, time);
    seen.last = later(seen.last, time);
  }
}

const MAX_MESSAGES = 10_000;
const MAX_REPORTED = 20;

/** Of errors first, then of warnings: requests outnumber them by far. */
const foremost = (messages: ReadonlyMap<string, Seen>, count: number): [string, Seen][] =>
  [...messages].sort(([, a], [, b]) => gravity(b) - gravity(a) || b.entries - a.entries).slice(0, count);

const gravity = ({ level }: Seen): number => GRAVE.findIndex((levels) => level !== null && levels.includes(level));
const GRAVE: readonly (readonly string[])[] = [['WARNING'], ['ERROR', 'CRITICAL']];

const earlier = (a: number | null, b: number | null): number | null => (a === null || (b !== null && b < a) ? b : a);
const later = (a: number | null, b: number | null): number | null => (a === null || (b !== null && b > a) ? b : a);

/**
 * What entries of the same kind have in common: the first line without time, level, thread and process, and of a traceback the last one,
 * which names the exception; numbers, ids, addresses and quoted words folded.
 */
function foldMessage(text: string): string {
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  const head = (lines[0] ?? '').replace(HEAD, '');
  const last = lines.length > 1 && lines.some((line) => line.startsWith('Traceback')) ? ` … ${lines.at(-1)?.trim() ?? ''}` : '';
  return fold(`${head}${last}`.slice(0, MAX_MESSAGE));
}

const MAX_MESSAGE = 300;
const HEAD = /^\S{10}[T ]\S+\s+(?:[A-Z]{4,8}\s+)?/;

const fold = (text: string): string =>
  text
    .replaceAll(/\b[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}\b/g, 'ID')
    .replaceAll(/\b0x[0-9a-fA-F]+\b/g, 'ID')
    .replaceAll(/\b(?=[0-9a-fA-F]*\d)(?=[0-9a-fA-F]*[a-fA-F])[0-9a-fA-F]{8,}\b/g, 'ID')
    .replaceAll(/\d+(?:[.,:]\d+)*/g, 'N');
