import { bad, good, shown, type ValueType } from './value-type.js';

interface TimeOfDay {
  readonly hour: number;
  readonly minute: number;
  /** 1 is Monday; empty: every day. */
  readonly days: readonly number[];
}

/** `HH:MM`; null: never. */
export const timeOfDay: ValueType<TimeOfDay | null> = { name: 'HH:MM', blank: null, parse: (value) => parseTime(value, false) };

/** `HH:MM mon,thu` or `HH:MM mon-fri`. */
export const timeAndDays: ValueType<TimeOfDay | null> = { name: 'HH:MM, then days', blank: null, parse: (value) => parseTime(value, true) };

function parseTime(value: string, withDays: boolean): ReturnType<ValueType<TimeOfDay | null>['parse']> {
  if (value === '' || value === 'off') return good(null);
  const [, hour, minute, rest = ''] = /^(\d{1,2}):(\d\d)(?:\s+(.+))?$/s.exec(value) ?? [];
  if (hour === undefined || minute === undefined || Number(hour) > 23 || Number(minute) > 59)
    return bad(`${shown(value)} is not a time HH:MM`);
  if (rest !== '' && !withDays) return bad(`${shown(rest)} is too much: only HH:MM is read here`);
  const words = rest.split(/[\s,]+/).filter((word) => word !== '');
  const days = words.map(daysOf);
  const wrong = days.indexOf(null);
  if (wrong >= 0) return bad(`${shown(words[wrong] ?? '')} is not a day`, `days are ${DAYS.join(' ')}`);
  return good({ hour: Number(hour), minute: Number(minute), days: [...new Set(days.flatMap((list) => list ?? []))].sort() });
}

const DAYS = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'];

function daysOf(word: string): number[] | null {
  const ends = word
    .toLowerCase()
    .split('-')
    .map((day) => DAYS.indexOf(day.slice(0, 3)));
  const [first = -1, last = first] = ends;
  if (ends.length > 2 || first < 0 || last < 0) return null;
  const length = ((last - first + 7) % 7) + 1;
  return Array.from({ length }, (_, i) => ((first + i) % 7) + 1);
}
