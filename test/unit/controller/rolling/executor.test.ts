import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { resultOf } from '../../../../controller/rolling/report.js';
import type { Progress } from '../../../../controller/rolling/progress.js';
import { AppError } from '../../../../shared/errors.js';
import { simulateCluster, type SimulatedCluster } from '../../../support/simulated-cluster.js';
import { runs } from '../../../support/runs.js';

const NAMES = ['c1', 'c2', 'c3', 'c4'];
const ONE_BY_ONE = NAMES.map((name) => [name]);

async function roll(cluster: SimulatedCluster): Promise<Progress> {
  for (let life = 0; life < 50; life++) {
    const end = await cluster.live();
    if (end !== 'died') return end;
  }
  throw new Error('the controller died fifty times');
}

function expectAllReplaced(cluster: SimulatedCluster, generation = 2): void {
  expect(cluster.violations).toEqual([]);
  for (const [name, c] of cluster.clients)
    expect({ name, in: c.in, running: c.running, generation: c.generation }).toEqual({ name, in: true, running: true, generation });
}

describe('a roll', () => {
  it('replaces every process and leaves every client in the balancer', async () => {
    const cluster = simulateCluster(NAMES, ONE_BY_ONE, { minActive: 3 });
    const end = await roll(cluster);
    expect(resultOf(end)).toMatchObject({ outcome: 'completed', exit: 0 });
    expectAllReplaced(cluster);
  });

  it('takes the members of a batch at once, as many as min_active allows', async () => {
    const cluster = simulateCluster(NAMES, [NAMES], { minActive: 2 });
    const end = await roll(cluster);
    expect(end.finished?.outcome).toBe('completed');
    expectAllReplaced(cluster);
    const outs = cluster.journal.flatMap((e) => (e.type === 'entered' && e.step === 'out' ? [e.member] : []));
    const firstHealthy = cluster.journal.findIndex((e) => e.type === 'entered' && e.step === 'warm');
    const before = cluster.journal.slice(0, firstHealthy).filter((e) => e.type === 'entered' && e.step === 'out');
    expect(outs).toEqual(NAMES);
    expect(before).toHaveLength(2);
  });

  it('takes the next client out while the one in hand, healthy again, goes in, if min_active allows both to be out', async () => {
    const order = async (minActive: number) => {
      const cluster = simulateCluster(NAMES, ONE_BY_ONE, { minActive });
      await roll(cluster);
      expectAllReplaced(cluster);
      const steps = cluster.journal.flatMap((e) =>
        e.type === 'entered' ? [`${e.member} ${e.step}`] : e.type === 'settled' ? [`${e.member} settled`] : [],
      );
      return steps.filter((step) => ['c1 in', 'c1 settled', 'c2 out', 'c2 stop'].includes(step));
    };
    const overlapping = await order(2);
    expect(overlapping.indexOf('c2 out')).toBeLessThan(overlapping.indexOf('c1 settled'));
    expect(overlapping.indexOf('c2 stop')).toBeGreaterThan(overlapping.indexOf('c1 settled'));
    const tight = await order(3);
    expect(tight.indexOf('c2 out')).toBeGreaterThan(tight.indexOf('c1 in'));
  });

  it('puts the next one back, untouched, when the one in hand fails on its last step', async () => {
    const cluster = simulateCluster(NAMES, ONE_BY_ONE, { minActive: 1 });
    cluster.refusesIn = 'c1';
    const result = resultOf(await roll(cluster));
    expect(result.outcome).toBe('halted');
    expect(result.services.map((s) => s.result)).toEqual(['failed', 'untouched', 'untouched', 'untouched']);
    expect(cluster.client('c2')).toMatchObject({ in: true, generation: 1 });
  });

  it('does not count a running request as drained', async () => {
    const cluster = simulateCluster(NAMES, ONE_BY_ONE);
    await roll(cluster);
    expect(cluster.violations).toEqual([]);
  });

  it('starts a dead client without taking anybody out', async () => {
    const cluster = simulateCluster(['c1', 'c2'], [['c1']]);
    Object.assign(cluster.client('c1'), { running: false });
    const end = await roll(cluster);
    expect(end.finished?.outcome).toBe('completed');
    expectAllReplaced({ ...cluster, clients: new Map([['c1', cluster.client('c1')]]) });
    expect(cluster.client('c2').generation).toBe(1);
  });

  it('halts when a client does not answer in time: it stays out, the next is not touched', async () => {
    const cluster = simulateCluster(NAMES, ONE_BY_ONE);
    cluster.client('c2').start = 'never-answers';
    const result = resultOf(await roll(cluster));
    expect(result).toMatchObject({ outcome: 'halted', exit: 1, why: 'c2: no good answer within 20 s: connection refused' });
    expect(result.services.map((s) => s.result)).toEqual(['done', 'failed', 'untouched', 'untouched']);
    expect(result.services[1]?.lastLogEntry).toBe('last entry of c2');
    expect(cluster.client('c2').in).toBe(false);
    expect(cluster.client('c3')).toMatchObject({ in: true, generation: 1 });
  });

  it('does not wait for the deadline when the process has ended', async () => {
    const cluster = simulateCluster(NAMES, ONE_BY_ONE);
    cluster.client('c1').start = 'exits';
    const result = resultOf(await roll(cluster));
    expect(result.why).toBe('c1: ended while it started: exit code 1');
    expect(result.seconds).toBeLessThan(10);
  });

  it('halts when the start command fails', async () => {
    const cluster = simulateCluster(NAMES, ONE_BY_ONE);
    cluster.client('c1').start = 'cannot';
    expect(resultOf(await roll(cluster)).why).toBe('c1: did not start: the start command exited with 1');
  });

  it('goes on after a failure with max_fail, and exits with 3', async () => {
    const cluster = simulateCluster(NAMES, ONE_BY_ONE, { maxFail: 1 });
    cluster.client('c2').start = 'exits';
    const result = resultOf(await roll(cluster));
    expect(result).toMatchObject({ outcome: 'completed', exit: 3 });
    expect(result.services.map((s) => s.result)).toEqual(['done', 'failed', 'done', 'done']);
  });

  it('puts a healthy client back in that could not be stopped', async () => {
    const cluster = simulateCluster(NAMES, ONE_BY_ONE);
    cluster.client('c1').stop = 'survives';
    const result = resultOf(await roll(cluster));
    expect(result.why).toBe('c1: did not stop: process 1 survived SIGKILL');
    expect(cluster.client('c1')).toMatchObject({ in: true, running: true, generation: 1 });
  });

  it('halts before any stop when the balancer hangs', async () => {
    const cluster = simulateCluster(NAMES, ONE_BY_ONE, { guarded: false });
    cluster.balancerAnswers = false;
    const result = resultOf(await roll(cluster));
    expect(result.outcome).toBe('halted');
    expect(result.why).toContain('the balancer does not answer');
    expect([...cluster.clients.values()].every((c) => c.generation === 1 && c.running)).toBe(true);
  });

  it('halts before any stop when the balancer does not do what it is told', async () => {
    const cluster = simulateCluster(NAMES, ONE_BY_ONE);
    cluster.balancerObeys = false;
    const result = resultOf(await roll(cluster));
    expect(result.why).toBe('c1: could not be taken out of the balancer: the balancer still says "in" 15 s after it was told "out"');
    expect(cluster.client('c1')).toMatchObject({ in: true, generation: 1 });
  });

  it('halts before any stop when orders never reach the balancer', async () => {
    const cluster = simulateCluster(NAMES, ONE_BY_ONE);
    cluster.balancerAgentAwayUntil = Infinity;
    expect(resultOf(await roll(cluster)).why).toBe('c1: could not be taken out of the balancer: agent pound is not connected');
    expect(cluster.client('c1')).toMatchObject({ in: true, generation: 1 });
  });

  it('takes a dead client out first, and waits for an agent of the balancer that is away just then', async () => {
    const cluster = simulateCluster(NAMES, [['c1']], {}, undefined, ['c4']);
    Object.assign(cluster.client('c4'), { running: false });
    cluster.balancerAgentAwayUntil = 20_000;
    expect(resultOf(await roll(cluster)).outcome).toBe('completed');
    expect(cluster.journal).toContainEqual(expect.objectContaining({ type: 'taken-out', client: 'c4', error: null }));
    expect(cluster.client('c4').in).toBe(false);
  });

  it('waits for an agent that comes back, and halts for one that does not', async () => {
    const back = simulateCluster(NAMES, ONE_BY_ONE);
    back.client('c2').agentAwayUntil = 30_000;
    expect((await roll(back)).finished?.outcome).toBe('completed');
    expectAllReplaced(back);

    const gone = simulateCluster(NAMES, ONE_BY_ONE);
    gone.client('c2').agentAwayUntil = Infinity;
    const result = resultOf(await roll(gone));
    expect(result).toMatchObject({ outcome: 'halted' });
    expect(result.why).toContain('c2');
    expect(gone.violations).toEqual([]);
  });

  it('never leaves fewer than min_active, even if it has to halt', async () => {
    const cluster = simulateCluster(NAMES, ONE_BY_ONE, { minActive: 3 });
    Object.assign(cluster.client('c4'), { running: false });
    const result = resultOf(await roll(cluster));
    expect(result.outcome).toBe('halted');
    expect(result.why).toBe('3 clients serve, 3 have to when c1 is out; c4 is dead and down');
    expect(cluster.violations).toEqual([]);
    expect(cluster.client('c1').generation).toBe(1);
  });

  it('finishes the client in hand when it is interrupted, and the rest when it is resumed', async () => {
    const cluster = simulateCluster(NAMES, ONE_BY_ONE);
    cluster.haltAt = { member: 'c2', step: 'start', how: 'interrupted' };
    const end = await roll(cluster);
    expect(resultOf(end)).toMatchObject({ outcome: 'interrupted', exit: 130 });
    expect(NAMES.map((name) => cluster.client(name).generation)).toEqual([2, 2, 1, 1]);
    cluster.resume = true;
    expect((await roll(cluster)).finished?.outcome).toBe('completed');
    expectAllReplaced(cluster);
  });

  it('puts a client back that was not stopped yet when it is interrupted', async () => {
    for (const step of ['out', 'drain'] as const) {
      const cluster = simulateCluster(NAMES, ONE_BY_ONE);
      cluster.haltAt = { member: 'c2', step, how: 'aborted' };
      const end = await roll(cluster);
      expect(resultOf(end)).toMatchObject({ outcome: 'aborted' });
      expect(resultOf(end).services.map((s) => s.result)).toEqual(['done', 'untouched', 'untouched', 'untouched']);
      expect([...cluster.clients.values()].every((c) => c.in && c.running)).toBe(true);
    }
  });
});

describe('a controller that is killed at any of its calls', () => {
  for (const effect of [false, true]) {
    it(`is taken up again and ends well (${effect ? 'after' : 'before'} the call took effect)`, async () => {
      const reference = simulateCluster(NAMES, [['c1'], ['c2', 'c3'], ['c4']], { minActive: 2 });
      await roll(reference);
      for (let at = 0; at < reference.calls; at++) {
        const cluster = simulateCluster(NAMES, [['c1'], ['c2', 'c3'], ['c4']], { minActive: 2 });
        cluster.crash = { at, effect };
        const end = await roll(cluster);
        expect({ at, outcome: end.finished?.outcome, violations: cluster.violations }).toEqual({
          at,
          outcome: 'completed',
          violations: [],
        });
        expectAllReplaced(cluster);
      }
    });
  }
});

describe('whatever breaks', () => {
  it('no client is stopped that the balancer sends to, min_active holds, and what was not restarted is in the balancer', async () => {
    const client = fc.record({
      start: fc.constantFrom('well' as const, 'well' as const, 'never-answers' as const, 'exits' as const, 'cannot' as const),
      stop: fc.constantFrom('well' as const, 'well' as const, 'survives' as const),
      running: fc.boolean(),
      agentAwayUntil: fc.constantFrom(0, 0, 20_000, 1e9),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.array(client, { minLength: 4, maxLength: 4 }),
        fc.integer({ min: 1, max: 3 }),
        fc.integer({ min: 0, max: 2 }),
        fc.option(fc.nat(120), { nil: null }),
        async (states, minActive, maxFail, crashAt) => {
          const cluster = simulateCluster(
            NAMES,
            [
              ['c1', 'c2'],
              ['c3', 'c4'],
            ],
            { minActive, maxFail },
          );
          NAMES.forEach((name, i) => Object.assign(cluster.client(name), { ...states[i], start: 'well' }));
          const healthyBefore = new Set(NAMES.filter((name) => cluster.client(name).running));
          NAMES.forEach((name, i) => (cluster.client(name).start = states[i]?.running === true ? 'well' : (states[i]?.start ?? 'well')));
          cluster.crash = crashAt === null ? null : { at: crashAt, effect: true };
          const end = await roll(cluster);
          expect(cluster.violations).toEqual([]);
          for (const member of end.members.values()) {
            const c = cluster.client(member.planned.name);
            if (member.state === 'done') expect(c.in && c.running).toBe(true);
            if (c.generation === 1 && healthyBefore.has(member.planned.name) && c.running && c.agentAwayUntil === 0)
              expect({ name: member.planned.name, in: c.in }).toEqual({ name: member.planned.name, in: true });
          }
        },
      ),
      { numRuns: runs(300) },
    );
  });
});

describe('an agent that is lost in the middle of a step', () => {
  it('is waited for a minute each time, however long the step has taken', async () => {
    const cluster = simulateCluster(NAMES, ONE_BY_ONE);
    let lost = 0;
    const client = cluster.client('c1');
    Object.defineProperty(client, 'stop', {
      get() {
        if (lost++ >= 2) return 'well';
        client.agentAwayUntil = cluster.now + 40_000;
        throw new AppError('unreachable', 'the link was lost');
      },
    });
    expect((await roll(cluster)).finished).toMatchObject({ outcome: 'completed' });
    expect(cluster.now).toBeGreaterThan(80_000);
    expectAllReplaced(cluster);
  });
});
