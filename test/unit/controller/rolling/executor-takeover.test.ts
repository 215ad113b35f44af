import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Progress } from '../../../../controller/rolling/progress.js';
import { resultOf } from '../../../../controller/rolling/report.js';
import type { Step } from '../../../../shared/model/operation.js';
import { runs } from '../../../support/runs.js';
import { simulateCluster, type SimulatedClient, type SimulatedCluster } from '../../../support/simulated-cluster.js';
import { FULL } from './fixtures.js';

const NAMES = ['c1', 'c2', 'c3', 'c4'];
const ONE_BY_ONE = NAMES.map((name) => [name]);

async function roll(cluster: SimulatedCluster): Promise<Progress> {
  for (let life = 0; life < 50; life++) {
    const end = await cluster.live();
    if (end !== 'died') return end;
  }
  throw new Error('the controller died fifty times');
}

/** The call at which this line of the journal is written, in a run that nothing disturbs. */
async function callOf(make: () => SimulatedCluster, member: string, step: Step): Promise<number> {
  for (let at = 0; ; at++) {
    const cluster = make();
    cluster.crash = { at, effect: true };
    if ((await cluster.live()) !== 'died') throw new Error(`${member} never enters ${step}`);
    const last = cluster.journal.at(-1);
    if (last?.type === 'entered' && last.member === member && last.step === step) return at;
  }
}

/** A cluster whose controller dies as soon as it has written down that this member enters this step. */
async function dieAt(make: () => SimulatedCluster, member: string, step: Step): Promise<SimulatedCluster> {
  const at = await callOf(make, member, step);
  const cluster = make();
  cluster.crash = { at, effect: true };
  return cluster;
}

const kill = (cluster: SimulatedCluster, ...names: readonly string[]): void => {
  for (const name of names) cluster.client(name).running = false;
};
const byHand = (cluster: SimulatedCluster, name: string, wanted: boolean): void => {
  Object.assign(cluster.client(name), { in: wanted, inFile: wanted });
};
const leaving: readonly Step[] = ['out', 'drain', 'stop'];

describe('what happened while no controller was there', () => {
  it.each(leaving)('takes nobody below min_active who was about to leave (%s)', async (step) => {
    const cluster = await dieAt(() => simulateCluster(NAMES, ONE_BY_ONE, { minActive: 2 }), 'c1', step);
    cluster.whileDead = () => {
      byHand(cluster, 'c1', true);
      kill(cluster, 'c3', 'c4');
    };
    const result = resultOf(await roll(cluster));
    expect(cluster.violations).toEqual([]);
    expect(result).toMatchObject({
      outcome: 'halted',
      why: '2 clients serve, 2 have to when c1 is out; c3 is dead and down, c4 is dead and down',
    });
    expect(cluster.client('c1')).toMatchObject({ in: true, generation: 1 });
  });

  it.each(leaving)('stops nobody who was let in again by hand before he has left once more (%s)', async (step) => {
    const cluster = await dieAt(() => simulateCluster(NAMES, ONE_BY_ONE), 'c2', step);
    cluster.whileDead = () => byHand(cluster, 'c2', true);
    expect((await roll(cluster)).finished?.outcome).toBe('completed');
    expect(cluster.violations).toEqual([]);
    expect([...cluster.clients.values()].map((c) => c.stops)).toEqual([1, 1, 1, 1]);
  });

  it('lets nobody in who died after he was found well', async () => {
    for (const step of ['warm', 'in'] as const) {
      const cluster = await dieAt(() => simulateCluster(NAMES, ONE_BY_ONE, { minActive: 3 }), 'c1', step);
      cluster.whileDead = () => kill(cluster, 'c1');
      const result = resultOf(await roll(cluster));
      expect(cluster.violations).toEqual([]);
      expect(result.why).toBe('c1: ended while it started: no pid file');
      expect(cluster.client('c1').in).toBe(false);
    }
  });

  it('leaves one out who was taken out by hand, and lets one in whose time out is over', async () => {
    const taken = await dieAt(() => simulateCluster(NAMES, ONE_BY_ONE), 'c1', 'stop');
    taken.whileDead = () => {
      taken.held.add('c3');
      byHand(taken, 'c3', false);
    };
    expect((await roll(taken)).finished?.outcome).toBe('completed');
    expect(NAMES.map((name) => taken.client(name).in)).toEqual([true, true, false, true]);

    const held = () => {
      const cluster = simulateCluster(NAMES, ONE_BY_ONE);
      holdAtPlan(cluster, 'c3');
      return cluster;
    };
    const over = await dieAt(held, 'c1', 'stop');
    over.whileDead = () => {
      over.held.delete('c3');
      byHand(over, 'c3', true);
    };
    expect((await roll(over)).finished?.outcome).toBe('completed');
    expect([...over.clients.values()].every((c) => c.in && c.generation === 2)).toBe(true);
  });

  it('leaves one in whom the plan found dead, and who answers again', async () => {
    const cluster = simulateCluster(NAMES, [['c1']], { minActive: 3 }, undefined, ['c4']);
    expect((await roll(cluster)).finished?.outcome).toBe('completed');
    expect(cluster.violations).toEqual([]);
    expect(cluster.client('c4').in).toBe(true);
  });
});

/** As a plan is made while somebody holds it out. */
function holdAtPlan(cluster: SimulatedCluster, name: string): void {
  cluster.held.add(name);
  byHand(cluster, name, false);
  const [first] = cluster.journal;
  if (first?.type !== 'started') throw new Error('a journal begins with its plan');
  const steps = FULL.filter((step) => step !== 'in');
  const batches = first.plan.batches.map((batch) => ({
    ...batch,
    members: batch.members.map((m) => (m.name === name ? { ...m, steps, held: true } : m)),
  }));
  cluster.journal[0] = { ...first, plan: { ...first.plan, batches } };
}

describe('one of which nothing is known when its controller is back', () => {
  it('keeps nobody waiting for ever who waits for it', async () => {
    const make = () => {
      const cluster = simulateCluster(NAMES, [
        ['c1', 'c2'],
        ['c3', 'c4'],
      ]);
      goTogether(cluster);
      cluster.client('c2').busyUntil = 4_000;
      return cluster;
    };
    const cluster = await dieAt(make, 'c1', 'start');
    cluster.whileDead = () => (cluster.balancerSilentUntil = cluster.now + 10_000);
    expect((await roll(cluster)).finished?.outcome).toBe('completed');
    expect(cluster.violations).toEqual([]);
  });
});

/** As a plan is made whose balancer restarts for each change. */
function goTogether(cluster: SimulatedCluster): void {
  const [first] = cluster.journal;
  if (first?.type !== 'started') throw new Error('a journal begins with its plan');
  cluster.journal[0] = { ...first, plan: { ...first.plan, batches: first.plan.batches.map((b) => ({ ...b, together: true })) } };
}

describe('a client that stood outside when its turn came', () => {
  it.each(['out', 'drain'] as const)('stays there if the run is stopped at once (%s)', async (step) => {
    const cluster = simulateCluster(NAMES, ONE_BY_ONE);
    byHand(cluster, 'c2', false);
    cluster.client('c2').running = false;
    cluster.haltAt = { member: 'c2', step, how: 'aborted' };
    expect(resultOf(await roll(cluster)).services.map((s) => s.result)).toEqual(['done', 'untouched', 'untouched', 'untouched']);
    expect(cluster.client('c2').in).toBe(false);
  });
});

describe('a controller that dies while it takes a run up in order to abort it', () => {
  it('is not followed by one that goes on with it', async () => {
    const cluster = simulateCluster(NAMES, ONE_BY_ONE);
    cluster.haltAt = { member: 'c1', step: 'start', how: 'interrupted' };
    await roll(cluster);
    cluster.journal.push({ type: 'attached', at: cluster.now, why: 'aborting', by: 'bob@desk' });
    expect((await roll(cluster)).finished?.outcome).toBe('aborted');
    expect(NAMES.map((name) => cluster.client(name).generation)).toEqual([2, 1, 1, 1]);
  });
});

describe('a journal that cannot be written any more', () => {
  const full = async (make: () => SimulatedCluster) => {
    const whole = make();
    await roll(whole);
    for (let line = 2; line < whole.journal.length; line++) {
      const cluster = make();
      cluster.diskFullAt = line;
      await expect(cluster.live(), `line ${line}`).rejects.toThrow('ENOSPC');
      cluster.diskFullAt = null;
      expect((await roll(cluster)).finished?.outcome, `line ${line}`).toBe('completed');
      expect({ line, violations: cluster.violations }).toEqual({ line, violations: [] });
      for (const c of cluster.clients.values()) expect(c).toMatchObject({ in: true, inFile: true, generation: 2, stops: 1 });
    }
  };

  it('ends the run at whatever line that happens, also for those who wait for each other; taken up again, it ends well', async () => {
    await full(() => simulateCluster(NAMES, ONE_BY_ONE, { minActive: 2 }));
    await full(() =>
      simulateCluster(NAMES, [
        ['c1', 'c2'],
        ['c3', 'c4'],
      ]),
    );
    await full(() => {
      const cluster = simulateCluster(NAMES, [
        ['c1', 'c2'],
        ['c3', 'c4'],
      ]);
      goTogether(cluster);
      return cluster;
    });
  });
});

/** What can happen to one client while no controller is there; nobody lets in by hand who is held out by hand. */
const MISHAPS: Readonly<Record<string, (c: SimulatedClient, cluster: SimulatedCluster, name: string) => void>> = {
  dies: (c) => (c.running = false),
  'is started again by somebody': (c, { now }) => {
    Object.assign(c, { generation: c.generation + 1, running: true, startedAt: now });
  },
  'is let in by hand': (c, { held }, name) => {
    if (!held.has(name)) Object.assign(c, { in: true, inFile: true });
  },
  'is let in, in the running balancer alone': (c, { held }, name) => {
    if (!held.has(name)) c.in = true;
  },
  'is held out by hand': (c, { held }, name) => {
    held.add(name);
    Object.assign(c, { in: false, inFile: false });
  },
  'is held no more': (c, { held }, name) => {
    if (held.delete(name)) Object.assign(c, { in: true, inFile: true });
  },
  'sees its balancer restart': (c) => (c.in = c.inFile),
  'finds its balancer silent': (_, cluster) => (cluster.balancerSilentUntil = cluster.now + 12_000),
  'loses its agent for a while': (c, { now }) => (c.agentAwayUntil = now + 20_000),
};

describe('whatever happens between the lives of a controller', () => {
  const mishap = fc.tuple(fc.constantFrom(...NAMES), fc.constantFrom(...Object.keys(MISHAPS)));
  const life = fc.record({
    crashIn: fc.nat(90),
    effect: fc.boolean(),
    mishaps: fc.array(mishap, { maxLength: 2 }),
    clockAheadMs: fc.constantFrom(3_600_000, 3_601_000, 7_200_000, 0),
    diskFull: fc.boolean(),
  });

  it('nobody is stopped in the balancer, min_active holds, nobody unwell is let in, and at the end each stands as it is wanted', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(life, { minLength: 1, maxLength: 3 }),
        fc.constantFrom(
          ONE_BY_ONE,
          [
            ['c1', 'c2'],
            ['c3', 'c4'],
          ],
          [NAMES],
        ),
        fc.integer({ min: 1, max: 3 }),
        fc.boolean(),
        async (lives, batches, minActive, together) => {
          const cluster = simulateCluster(NAMES, batches, { minActive, maxFail: 4 });
          cluster.clockAheadMs = 3_600_000;
          if (together) goTogether(cluster);
          for (const { crashIn, effect, mishaps, clockAheadMs, diskFull } of lives) {
            if (diskFull) cluster.diskFullAt = cluster.journal.length + (crashIn % 20);
            else cluster.crash = { at: cluster.calls + crashIn, effect };
            const end = await cluster.live().catch((error: unknown) => {
              expect(error).toMatchObject({ message: 'ENOSPC' });
              return 'died' as const;
            });
            cluster.diskFullAt = null;
            cluster.crash = null;
            if (end !== 'died') break;
            cluster.whileDead = () => {
              for (const [name, what] of mishaps) MISHAPS[what]?.(cluster.client(name), cluster, name);
              cluster.clockAheadMs = clockAheadMs;
            };
          }
          const end = await roll(cluster);
          expect(cluster.violations).toEqual([]);
          expect(end.finished).not.toBeNull();
          for (const { state, planned } of end.members.values()) {
            const c = cluster.client(planned.name);
            const told = { name: planned.name, state, in: c.in, inFile: c.inFile };
            if (cluster.held.has(planned.name)) expect(told).toEqual({ ...told, in: false, inFile: false });
            else if (state === 'done') expect(told).toEqual({ ...told, in: true, inFile: true });
            // Whoever was not stopped is as he was.
            else if (state === 'waiting' && c.running && c.in) expect(told).toEqual({ ...told, in: true });
          }
        },
      ),
      { numRuns: runs(400) },
    );
  });
});
