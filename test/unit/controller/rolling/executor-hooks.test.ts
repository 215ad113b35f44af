import { describe, expect, it } from 'vitest';
import type { Progress } from '../../../../controller/rolling/progress.js';
import { resultOf, tellJournal } from '../../../../controller/rolling/report.js';
import { simulateCluster, type SimulatedCluster } from '../../../support/simulated-cluster.js';
import { FULL } from './fixtures.js';

const hooks = {
  before_roll: ['before_roll'],
  after_roll: ['after_roll'],
  before_client: ['before_client'],
  after_client: ['after_client'],
} as const;
const ALL = ['before_roll', 'before_client c1', 'after_client c1', 'before_client c2', 'after_client c2', 'after_roll'];
const cluster = () => simulateCluster(['c1', 'c2', 'c3'], [['c1'], ['c2']], {}, FULL, [], { hooks });

async function roll(site: SimulatedCluster): Promise<Progress> {
  for (let life = 0; life < 50; life++) {
    const end = await site.live();
    if (end !== 'died') return end;
  }
  throw new Error('the controller died fifty times');
}
const notes = (site: SimulatedCluster) => tellJournal(site.journal).flatMap((event) => (event.type === 'note' ? [event.message] : []));

describe('hooks', () => {
  it('run once each, around the roll and around each client', async () => {
    const site = cluster();
    expect((await roll(site)).finished?.outcome).toBe('completed');
    expect(site.hooksRun).toEqual(ALL);
  });

  it.each([
    ['before_roll', 'before_roll: before_roll ended with 1: no', [1, 1]],
    ['before_client c1', 'before_client c1: before_client ended with 1: no', [1, 1]],
    ['after_client c1', 'after_client c1: after_client ended with 1: no', [2, 1]],
    ['after_roll', 'after_roll: after_roll ended with 1: no', [2, 2]],
  ])('that fail (%s) halt the roll with what was said, and run again when it is resumed', async (failing, why, generations) => {
    const site = cluster();
    site.failingHook = failing;
    const result = resultOf(await roll(site));
    expect(result).toMatchObject({ outcome: 'halted', exit: 1, why });
    expect(['c1', 'c2'].map((name) => site.client(name).generation)).toEqual(generations);
    expect(['c1', 'c2'].every((name) => site.client(name).in)).toBe(true);
    site.failingHook = null;
    site.resume = true;
    expect((await roll(site)).finished?.outcome).toBe('completed');
    expect(site.hooksRun.filter((one) => one === failing)).toHaveLength(2);
    expect(new Set(site.hooksRun)).toEqual(new Set(ALL));
    expect(site.violations).toEqual([]);
  });

  it.each([false, true])('that were under way at a crash run once more, and only with a word (effect: %s)', async (effect) => {
    const reference = cluster();
    await roll(reference);
    for (let at = 0; at < reference.calls; at++) {
      const site = cluster();
      site.crash = { at, effect };
      const end = await roll(site);
      const told = notes(site).filter((note) => note.endsWith('was under way when the controller went away: it is run once more'));
      const twice = site.hooksRun.length - new Set(site.hooksRun).size;
      expect({ at, outcome: end.finished?.outcome, violations: site.violations, all: [...new Set(site.hooksRun)] }).toEqual({
        ...{ at, outcome: 'completed', violations: [], all: ALL },
      });
      // It may have been told although the crash came before it ran; never the other way round.
      expect({ at, silently: Math.max(0, twice - told.length) }).toEqual({ at, silently: 0 });
    }
  });
});
