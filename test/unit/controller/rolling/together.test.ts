import { describe, expect, it } from 'vitest';
import type { PlannedBatch } from '../../../../controller/rolling/plan.js';
import type { Progress } from '../../../../controller/rolling/progress.js';
import { matesNotReady, togetherSince } from '../../../../controller/rolling/together.js';
import { memberOf } from '../../../../controller/rolling/progress.js';
import { simulateCluster, type SimulatedCluster } from '../../../support/simulated-cluster.js';
import { after, aPlan, entered, settled } from './fixtures.js';

const NAMES = ['c1', 'c2', 'c3', 'c4'];
const POOLS = [
  ['c1', 'c2'],
  ['c3', 'c4'],
];

/** Its balancer restarts for each change. */
function simulateRestarting(): SimulatedCluster {
  const cluster = simulateCluster(NAMES, POOLS);
  const [first] = cluster.journal;
  if (first?.type !== 'started') throw new Error('a journal begins with its plan');
  const batches = first.plan.batches.map((batch): PlannedBatch => ({ ...batch, together: true }));
  cluster.journal[0] = { ...first, plan: { ...first.plan, batches } };
  return cluster;
}

async function roll(cluster: SimulatedCluster): Promise<Progress> {
  for (let life = 0; life < 50; life++) {
    const end = await cluster.live();
    if (end !== 'died') return end;
  }
  throw new Error('the controller died fifty times');
}

/** Where in the journal a step begins, or its member is settled. */
const at = (cluster: SimulatedCluster, member: string, what: 'in' | 'settled' | 'out'): number =>
  cluster.journal.findIndex(
    (e) => (what === 'settled' ? e.type === 'settled' : e.type === 'entered' && e.step === what) && 'member' in e && e.member === member,
  );

function expectAllReplaced(cluster: SimulatedCluster): void {
  expect(cluster.violations).toEqual([]);
  for (const [name, c] of cluster.clients) expect({ name, in: c.in, generation: c.generation }).toEqual({ name, in: true, generation: 2 });
}

describe('a batch whose balancer restarts for each change', () => {
  it('goes in at once, when the slowest of it is ready', async () => {
    const cluster = simulateRestarting();
    cluster.client('c1').startMs = 8_000;
    cluster.client('c4').startMs = 9_000;
    expect((await roll(cluster)).finished?.outcome).toBe('completed');
    expectAllReplaced(cluster);
    for (const [a = '', b = ''] of POOLS) {
      const entries = [at(cluster, a, 'in'), at(cluster, b, 'in')];
      const ends = [at(cluster, a, 'settled'), at(cluster, b, 'settled')];
      expect(Math.max(...entries)).toBeLessThan(Math.min(...ends));
    }
  });

  it('does not wait for one that does not come back', async () => {
    const cluster = simulateRestarting();
    cluster.client('c2').start = 'never-answers';
    const end = await roll(cluster);
    expect(end.finished?.outcome).toBe('halted');
    expect(cluster.violations).toEqual([]);
    expect(['c1', 'c2'].map((name) => cluster.client(name).in)).toEqual([true, false]);
  });

  it('is taken up again wherever the controller dies', async () => {
    const whole = simulateRestarting();
    await roll(whole);
    for (let call = 0; call < whole.calls; call += 3) {
      for (const effect of [true, false]) {
        const cluster = simulateRestarting();
        cluster.crash = { at: call, effect };
        expect((await roll(cluster)).finished?.outcome, `call ${call}`).toBe('completed');
        expectAllReplaced(cluster);
      }
    }
  });
});

describe('who goes in together', () => {
  const plain = aPlan(POOLS);
  const plan = { ...plain, batches: plain.batches.map((batch) => ({ ...batch, together: true })) };
  const mates = (of: typeof plain, ...events: Parameters<typeof after>[1][]) => {
    const progress = after(of, entered(1_000, 'c1', 'in'), ...events);
    return matesNotReady(progress, memberOf(progress, 'c1'));
  };

  it('are those of the batch that are in hand: not the waiting, the settled, those that are put back, and those of other batches', () => {
    expect(mates(plan, entered(1_000, 'c2', 'start'))).toEqual(['c2']);
    expect(mates(plan, entered(1_000, 'c2', 'in'))).toEqual([]);
    expect(mates(plan)).toEqual([]);
    expect(mates(plan, entered(1_000, 'c2', 'check'), settled(2_000, 'c2', 'failed'))).toEqual([]);
    expect(mates(plan, entered(1_000, 'c2', 'back'))).toEqual([]);
    expect(mates(plan, entered(1_000, 'c3', 'drain'))).toEqual([]);
  });

  it('are nobody where the balancer is told without a restart', () => {
    expect(mates(plain, entered(1_000, 'c2', 'start'))).toEqual([]);
  });

  it('have their time from when the last of them was ready', () => {
    const progress = after(plan, entered(1_000, 'c1', 'in'), entered(90_000, 'c2', 'in'));
    expect(togetherSince(progress, memberOf(progress, 'c1'))).toBe(90_000);
    expect(togetherSince(progress, memberOf(progress, 'c2'))).toBe(90_000);
  });
});
