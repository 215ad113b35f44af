import { describe, expect, it } from 'vitest';
import type { ScannedEntry } from '../../../../agent/logs/scanned.js';
import { createSelection } from '../../../../agent/logs/selection.js';

const entry = (offset: number, matching = 1): ScannedEntry => ({
  offset,
  lines: 1,
  matching,
  header: null,
  isRest: false,
  text: () => `entry ${offset}`,
});

const selecting = (tail: number, context = 0) =>
  createSelection({
    query: { level: null, context, max: null, tail, range: { kind: 'all', archives: false }, output: 'entries' },
    every: false,
    ignored: null,
  });

describe('the last entries', () => {
  it('are held back until the end, each with what stands beside it, and the others counted', () => {
    const selection = selecting(2, 1);
    expect(selection.take([entry(0), entry(1, 0), entry(2, 0), entry(3), entry(4, 0), entry(5, 0), entry(6)], 0)).toEqual([]);
    expect(selection.rest().map(({ kind, offset }) => `${kind} ${offset}`)).toEqual([
      'context 2',
      'hit 3',
      'context 4',
      'context 5',
      'hit 6',
    ]);
    expect(selection.omitted).toBe(1);
  });

  // As many steps as hits times entries held would take minutes, and nothing else is done by the agent meanwhile.
  it('are as little work when many are wanted', () => {
    const selection = selecting(100_000);
    for (let at = 0; at < 300_000; at++) selection.take([entry(at)], 0);
    expect(selection.rest().at(0)).toMatchObject({ offset: 200_000 });
    expect(selection.omitted).toBe(200_000);
  });
});
