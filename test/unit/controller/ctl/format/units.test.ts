import { describe, expect, it } from 'vitest';
import { formatAge, formatClock, formatKb, formatMs } from '../../../../../controller/ctl/format/units.js';

describe('units', () => {
  it.each([
    [0.42, '0.4 ms'],
    [84.2, '84 ms'],
    [999.4, '999 ms'],
    [999.6, '1.0 s'],
    [59_949, '59.9 s'],
    [60_000, '1:00'],
    [3_723_000, '1:02:03'],
  ])('%d ms are %s', (ms, text) => expect(formatMs(ms)).toBe(text));

  it.each([
    [100, '100 kB'],
    [626_688, '612 MB'],
    [1_992_294, '1.9 GB'],
  ])('%d kB are %s', (kb, text) => expect(formatKb(kb)).toBe(text));

  it.each([
    [0.5, 'now'],
    [119, '119 s ago'],
    [120, '2 min ago'],
    [7200, '2 h ago'],
    [172_800, '2 d ago'],
  ])('an age of %d s is %s', (s, text) => expect(formatAge(s)).toBe(text));

  it('a clock never runs below zero', () => expect(formatClock(-3)).toBe('0:00'));
});
