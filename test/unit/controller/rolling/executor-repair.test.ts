import { describe, expect, it } from 'vitest';
import type { PlannedBatch, RepairCondition, RollPlan } from '../../../../controller/rolling/plan.js';
import type { Progress } from '../../../../controller/rolling/progress.js';
import { resultOf } from '../../../../controller/rolling/report.js';
import type { Step } from '../../../../shared/model/operation.js';
import { simulateCluster, type SimulatedCluster } from '../../../support/simulated-cluster.js';
import { FULL } from './fixtures.js';

const TIMING = { drainMs: 5_000, quietMs: 500, timeToSleepMs: 0, startDeadlineMs: 20_000, stopDeadlineMs: 5_000 };
const member = (name: string, steps: readonly Step[], repair?: RepairCondition) => ({
  name,
  steps,
  timing: TIMING,
  ...(repair === undefined ? {} : { repair }),
});
const client = (name: string, repair: RepairCondition): PlannedBatch => ({ pool: 1, members: [member(name, FULL, repair)] });
const ZEO: PlannedBatch = { pool: null, members: [member('zeo', ['start', 'check'])] };
const LEAKS: RepairCondition = { unlessWell: false, after: [] };
const UNDER_ZEO: RepairCondition = { unlessWell: true, after: ['zeo'] };

/** Three clients on a ZEO server that is down; c3 leaks besides. */
function brokenSite(over: Partial<RollPlan> = {}): SimulatedCluster {
  const cluster = simulateCluster(['zeo', 'c1', 'c2', 'c3'], [], { minActive: 1 }, FULL, [], {
    action: 'repair',
    batches: [ZEO, client('c1', UNDER_ZEO), client('c2', UNDER_ZEO), client('c3', { unlessWell: false, after: ['zeo'] })],
    ...over,
  });
  Object.assign(cluster.client('zeo'), { running: false, in: false, balanced: false });
  for (const name of ['c1', 'c2', 'c3']) cluster.client(name).standsOn = 'zeo';
  return cluster;
}

async function repair(cluster: SimulatedCluster): Promise<Progress> {
  for (let life = 0; life < 50; life++) {
    const end = await cluster.live();
    if (end !== 'died') return end;
  }
  throw new Error('the controller died fifty times');
}
const generations = (cluster: SimulatedCluster) => [...cluster.clients].map(([name, c]) => `${name} ${c.generation}`);

describe('a repair under a dead ZEO server', () => {
  it('starts it first, and restarts no client that finds it again', async () => {
    const cluster = brokenSite();
    const result = resultOf(await repair(cluster));
    expect(result).toMatchObject({ outcome: 'completed', exit: 0 });
    expect(result.services.map(({ name, result: end, why }) => [name, end, why])).toEqual([
      ['zeo', 'done', null],
      ['c1', 'skipped', 'it answers again'],
      ['c2', 'skipped', 'it answers again'],
      ['c3', 'done', null],
    ]);
    expect(cluster.violations).toEqual([]);
    expect(generations(cluster)).toEqual(['zeo 2', 'c1 1', 'c2 1', 'c3 2']);
  });

  it('touches nothing when it does not come back', async () => {
    const cluster = brokenSite();
    cluster.client('zeo').start = 'exits';
    expect(resultOf(await repair(cluster))).toMatchObject({ outcome: 'halted', exit: 1, why: 'zeo: ended while it started: exit code 1' });
    expect(generations(cluster)).toEqual(['zeo 2', 'c1 1', 'c2 1', 'c3 1']);
    expect([...cluster.clients.values()].filter((c) => c.balanced).every((c) => c.in && c.running)).toBe(true);
  });

  it('restarts a client that does not recover by itself', async () => {
    const cluster = brokenSite({ batches: [ZEO, client('c1', UNDER_ZEO)] });
    Object.assign(cluster.client('c1'), { startedAt: Number.POSITIVE_INFINITY });
    const end = await repair(cluster);
    expect(end.finished?.outcome).toBe('completed');
    expect(generations(cluster)).toEqual(['zeo 2', 'c1 2', 'c2 1', 'c3 1']);
  });
});

describe('a repair of clients that leak', () => {
  it('takes them one at a time, also where more could be spared', async () => {
    const cluster = simulateCluster(['c1', 'c2', 'c3'], [], { minActive: 1 }, FULL, [], {
      action: 'repair',
      batches: [client('c1', LEAKS), client('c2', LEAKS)],
    });
    expect((await repair(cluster)).finished?.outcome).toBe('completed');
    expect(cluster.violations).toEqual([]);
    const steps = cluster.journal.flatMap((e) =>
      e.type === 'entered' ? [`${e.member} ${e.step}`] : e.type === 'settled' ? [`${e.member} settled`] : [],
    );
    expect(steps.indexOf('c1 settled')).toBeLessThan(steps.indexOf('c2 out'));
    expect(generations(cluster)).toEqual(['c1 2', 'c2 2', 'c3 1']);
  });
});

describe('a controller that is killed at any call of a repair', () => {
  for (const effect of [false, true]) {
    it(`is taken up again and ends as without the crash (${effect ? 'after' : 'before'} the call took effect)`, async () => {
      const reference = brokenSite();
      await repair(reference);
      for (let at = 0; at < reference.calls; at++) {
        const cluster = brokenSite();
        cluster.crash = { at, effect };
        const end = await repair(cluster);
        expect({ at, outcome: end.finished?.outcome, violations: cluster.violations, generations: generations(cluster) }).toEqual({
          at,
          outcome: 'completed',
          violations: [],
          generations: ['zeo 2', 'c1 1', 'c2 1', 'c3 2'],
        });
      }
    });
  }
});
