import { didYouMean } from '../../../shared/ini/nearest.js';
import type { BatchSize } from '../cluster.js';
import { bad, continuationHint, good, MISSING, shown, type ValueType } from './value-type.js';

function integer(min: number, max: number, name = 'a whole number'): ValueType<number> {
  return {
    name,
    blank: min,
    parse(text) {
      if (text === '') return MISSING;
      if (!/^[+-]?\d{1,15}$/.test(text)) return bad(`${shown(text)} is not ${name}`, continuationHint(text));
      const value = Number(text);
      if (value < min) return bad(`${value} is less than ${min}`);
      return value > max ? bad(`${value} is more than ${max}`) : good(value);
    },
  };
}

export const count = integer(0, 1_000_000);
export const positive = integer(1, 1_000_000);
export const port = integer(1, 65_535, 'a port number');
export const kilobytes = integer(0, 1024 ** 4, 'a whole number of kB');
export const mebibytes = integer(0, 1024 ** 2, 'a whole number of MiB');
export const days = integer(0, 36_500, 'a whole number of days');

/** Seconds in the file, milliseconds in the program. */
export function seconds(min = 0): ValueType<number> {
  return {
    name: 'seconds',
    blank: min * 1000,
    parse(text) {
      if (text === '') return MISSING;
      if (!/^\d{1,9}(?:\.\d{1,3})?$/.test(text)) return bad(`${shown(text)} is not a number of seconds`, continuationHint(text));
      const value = Number(text);
      if (value < min) return bad(`${value} s is less than ${min} s`);
      return value > MAX_SECONDS ? bad(`${value} s is more than ${MAX_SECONDS} s (20 days)`) : good(Math.round(value * 1000));
    },
  };
}

/** Fits every timer. */
const MAX_SECONDS = 20 * 24 * 3600;

export const batch: ValueType<BatchSize> = {
  name: 'auto, pool, a number or a percentage',
  blank: { kind: 'auto' },
  parse(text) {
    if (text === 'auto' || text === 'pool') return good({ kind: text });
    const [, digits, sign] = /^(\d{1,6})\s*(%?)$/.exec(text) ?? [];
    const value = Number(digits ?? 0);
    if (digits === undefined)
      return bad(
        `${shown(text)} is not auto, pool, a number or a percentage`,
        didYouMean(text, ['auto', 'pool']) ?? continuationHint(text),
      );
    if (value < 1 || (sign === '%' && value > 100))
      return bad(sign === '%' ? `${value}% is not between 1% and 100%` : 'a batch has at least one client');
    return good(sign === '%' ? { kind: 'percent', percent: value } : { kind: 'count', count: value });
  },
};
