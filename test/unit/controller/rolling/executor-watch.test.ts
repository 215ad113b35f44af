import { describe, expect, it } from 'vitest';
import type { RollPolicy } from '../../../../controller/rolling/plan.js';
import type { Progress } from '../../../../controller/rolling/progress.js';
import { resultOf } from '../../../../controller/rolling/report.js';
import { simulateCluster, type SimulatedCluster } from '../../../support/simulated-cluster.js';

const NAMES = ['c1', 'c2', 'c3', 'c4'];
const cluster = (policy: Partial<RollPolicy>, batches = NAMES.map((name) => [name])) =>
  simulateCluster(NAMES, batches, { minActive: 1, ...policy });
const generations = (site: SimulatedCluster) => NAMES.map((name) => site.client(name).generation);

async function roll(site: SimulatedCluster): Promise<Progress> {
  for (let life = 0; life < 50; life++) {
    const end = await site.live();
    if (end !== 'died') return end;
  }
  throw new Error('the controller died fifty times');
}
const enteredAt = (site: SimulatedCluster, name: string) => site.journal.find((e) => e.type === 'entered' && e.member === name)?.at ?? 0;
const settledAt = (site: SimulatedCluster, name: string) => site.journal.find((e) => e.type === 'settled' && e.member === name)?.at ?? 0;

describe('canaries', () => {
  it('go first; the others follow when their time is over', async () => {
    const site = cluster({ canary: { clients: 2, waitMs: 600_000 } });
    expect((await roll(site)).finished?.outcome).toBe('completed');
    expect(enteredAt(site, 'c3') - settledAt(site, 'c2')).toBeGreaterThanOrEqual(600_000);
    expect(generations(site)).toEqual([2, 2, 2, 2]);
    expect(site.journal).toContainEqual(expect.objectContaining({ type: 'continued', by: null }));
  });

  it('are as many as were asked for, also where a batch is larger', async () => {
    const site = cluster({ canary: { clients: 1, waitMs: 1_000 } }, [NAMES]);
    await roll(site);
    expect(enteredAt(site, 'c2')).toBeGreaterThan(settledAt(site, 'c1'));
    expect(generations(site)).toEqual([2, 2, 2, 2]);
  });

  it('hold the others until somebody says go on', async () => {
    const site = cluster({ canary: { clients: 1, waitMs: null } });
    site.proceedWhen = { settled: 'c1', afterMs: 7_200_000, by: 'jane@desk' };
    expect((await roll(site)).finished?.outcome).toBe('completed');
    expect(enteredAt(site, 'c2') - settledAt(site, 'c1')).toBeGreaterThanOrEqual(7_200_000);
    expect(site.journal).toContainEqual(expect.objectContaining({ type: 'continued', by: 'jane@desk' }));
  });

  it('that turn bad end the roll', async () => {
    const site = cluster({ canary: { clients: 1, waitMs: null } });
    site.breakWhen = { settled: 'c1', afterMs: 5_000 };
    expect(resultOf(await roll(site))).toMatchObject({
      ...{ outcome: 'halted', exit: 1, why: 'c1 did not stay healthy after its restart: it is down' },
    });
    expect(generations(site)).toEqual([2, 1, 1, 1]);
  });

  it('are not waited for again when an interrupted roll is resumed', async () => {
    const site = cluster({ canary: { clients: 1, waitMs: null } });
    site.haltAt = { member: 'c1', step: 'in', how: 'interrupted' };
    expect((await roll(site)).finished?.outcome).toBe('interrupted');
    site.resume = true;
    expect((await roll(site)).finished?.outcome).toBe('completed');
  });
});

describe('--min-healthy', () => {
  it('lets the next client leave only when the last has been healthy for so long', async () => {
    const site = cluster({ minHealthyMs: 30_000 });
    expect((await roll(site)).finished?.outcome).toBe('completed');
    for (const [before, next] of [['c1', 'c2'] as const, ['c2', 'c3'] as const])
      expect(enteredAt(site, next) - settledAt(site, before)).toBeGreaterThanOrEqual(30_000);
  });

  it('ends the roll when a client turns bad in that time', async () => {
    const site = cluster({ minHealthyMs: 30_000 });
    site.breakWhen = { settled: 'c2', afterMs: 10_000 };
    expect(resultOf(await roll(site)).why).toBe('c2 did not stay healthy after its restart: it is down');
    expect(generations(site)).toEqual([2, 2, 1, 1]);
  });
});

describe('a controller that is killed at any call of a watched roll', () => {
  for (const effect of [false, true]) {
    it(`ends as without the crash (${effect ? 'after' : 'before'} the call took effect)`, async () => {
      const watched = () => cluster({ canary: { clients: 1, waitMs: 3_000 }, minHealthyMs: 1_000 }, [['c1'], ['c2', 'c3'], ['c4']]);
      const reference = watched();
      await roll(reference);
      for (let at = 0; at < reference.calls; at++) {
        const site = watched();
        site.crash = { at, effect };
        const end = await roll(site);
        expect({ at, outcome: end.finished?.outcome, violations: site.violations, generations: generations(site) }).toEqual({
          ...{ at, outcome: 'completed', violations: [], generations: [2, 2, 2, 2] },
        });
      }
    });
  }
});
