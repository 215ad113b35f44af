import { describe, expect, it } from 'vitest';
import type { TimeOfDay } from '../../../../controller/config/cluster.js';
import { isDue } from '../../../../controller/keepers/due.js';

/** 5 March 2026 is a Thursday. */
const at = (hour: number, minute: number, day = 5): number => new Date(2026, 2, day, hour, minute).getTime();
const NIGHTLY: TimeOfDay = { hour: 4, minute: 0, days: [] };
const ON_FRIDAYS: TimeOfDay = { hour: 4, minute: 0, days: [5] };
const ON_SUNDAYS: TimeOfDay = { hour: 23, minute: 59, days: [7] };

describe('a time of day', () => {
  it.each<[string, TimeOfDay, number, number, boolean]>([
    ['has come', NIGHTLY, at(3, 59), at(4, 0), true],
    ['has come between two looks that lie far apart', NIGHTLY, at(2, 0), at(9, 0), true],
    ['has come at midnight of another day', NIGHTLY, at(23, 0), at(4, 30, 6), true],
    ['is over', NIGHTLY, at(4, 0), at(4, 1), false],
    ['is still to come', NIGHTLY, at(3, 0), at(3, 59), false],
    ['comes on its day', ON_FRIDAYS, at(3, 59, 6), at(4, 0, 6), true],
    ['does not come on another day', ON_FRIDAYS, at(3, 59), at(4, 0), false],
    ['comes on a Sunday, looked at on Monday', ON_SUNDAYS, at(23, 58, 8), at(0, 1, 9), true],
  ])('%s', (_, time, from, to, due) => {
    expect(isDue(time, from, to)).toBe(due);
  });
});
