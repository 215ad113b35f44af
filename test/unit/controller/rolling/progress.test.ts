import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { evolve, isEnding, memberOf, nextStepOf, replay } from '../../../../controller/rolling/progress.js';
import { simulateCluster } from '../../../support/simulated-cluster.js';
import { runs } from '../../../support/runs.js';
import { after, aPlan, attached, entered, halting, OLD, settled, started } from './fixtures.js';

const PLAN = aPlan([['c1', 'c2'], ['c3']]);
const c1 = (...events: Parameters<typeof after> extends [unknown, ...infer E] ? E : never) => memberOf(after(PLAN, ...events), 'c1');

describe('a member', () => {
  it('waits before its first step, which is the first of its plan', () => {
    expect(c1()).toMatchObject({ state: 'waiting', step: null, stepsMs: {}, replacing: null });
    expect(nextStepOf(c1())).toBe('out');
    expect(nextStepOf(c1(entered(1, 'c1', 'out')))).toBe('drain');
    expect(nextStepOf(c1(entered(1, 'c1', 'in')))).toBeNull();
  });

  it('knows how long each of its steps took, the last as well', () => {
    const events = [entered(10, 'c1', 'out'), entered(15, 'c1', 'drain'), entered(115, 'c1', 'stop'), settled(145, 'c1', 'failed', 'no')];
    expect(c1(...events)).toMatchObject({ state: 'failed', why: 'no', step: null, stepsMs: { out: 5, drain: 100, stop: 30 } });
  });

  it('is never measured by a clock that was set back', () => {
    expect(c1(entered(1_000, 'c1', 'out'), entered(400, 'c1', 'drain')).stepsMs).toEqual({ out: 0 });
  });

  it('keeps the process that it is to replace, and when it entered the stop, if the step is entered again', () => {
    const events = [entered(10, 'c1', 'stop', { replacing: OLD }), entered(50, 'c1', 'stop')];
    expect(c1(...events)).toMatchObject({ replacing: OLD, enteredAt: 10, since: 50, stepsMs: {} });
  });

  it('was started when its check is entered for the first time', () => {
    expect(c1(entered(10, 'c1', 'start')).startedAt).toBeNull();
    expect(c1(entered(10, 'c1', 'start'), entered(20, 'c1', 'check'), entered(90, 'c1', 'check')).startedAt).toBe(20);
  });

  it('that is put back remembers why, and is as before when that is done', () => {
    const back = [entered(10, 'c1', 'drain'), entered(20, 'c1', 'back', { detail: 'the operation was stopped' })];
    expect(c1(...back)).toMatchObject({ state: 'active', step: 'back', why: 'the operation was stopped' });
    expect(c1(...back, settled(30, 'c1', 'untouched'))).toMatchObject({ state: 'waiting', step: null, why: null, stepsMs: {} });
  });
});

describe('a controller that takes over', () => {
  const taken = (why: 'restarted' | 'resumed' | 'aborting') =>
    after(
      PLAN,
      attached(1),
      entered(10, 'c1', 'stop', { replacing: OLD }),
      settled(20, 'c2', 'failed', 'no answer'),
      halting(25, 'interrupted'),
      ...(why === 'restarted' ? [] : [{ type: 'finished', at: 26, outcome: 'interrupted', why: null } as const]),
      attached(100_000, why),
    );

  it('gives every step its whole time again, and the same name to its commands', () => {
    for (const why of ['restarted', 'resumed', 'aborting'] as const)
      expect(memberOf(taken(why), 'c1')).toMatchObject({ state: 'active', step: 'stop', enteredAt: 10, since: 100_000, replacing: OLD });
  });

  it('by itself still ends the run as its operator wanted', () => {
    expect(taken('restarted')).toMatchObject({ halting: 'interrupted', finished: null, idleSince: 100_000 });
    expect(memberOf(taken('restarted'), 'c2').state).toBe('failed');
  });

  it('because an operator resumed it goes on, and tries again who failed', () => {
    expect(taken('resumed')).toMatchObject({ halting: null, finished: null });
    expect(memberOf(taken('resumed'), 'c2')).toMatchObject({ state: 'waiting', why: null, stepsMs: {} });
  });

  it('in order to abort it tries nobody again', () => {
    expect(taken('aborting')).toMatchObject({ halting: 'aborted', finished: null });
    expect(memberOf(taken('aborting'), 'c2').state).toBe('failed');
  });
});

describe('a controller whose clock is behind that of the one before', () => {
  const LIMITED = aPlan([['c1', 'c2'], ['c3']], { policy: { deadlineMs: 60_000 } });
  const late = [attached(10_000), entered(20_000, 'c1', 'start'), entered(30_000, 'c1', 'check'), settled(40_000, 'c2')];

  it('waits for nothing that lies ahead', () => {
    const progress = after(LIMITED, ...late, attached(5_000, 'restarted'));
    expect(memberOf(progress, 'c1')).toMatchObject({ startedAt: 5_000, since: 5_000 });
    expect(memberOf(progress, 'c2')).toMatchObject({ settledAt: 5_000 });
  });

  it('has as much left of the deadline as there was', () => {
    expect(after(LIMITED, ...late, attached(5_000, 'restarted')).deadlineFrom).toBe(5_000 - 30_000);
    expect(after(LIMITED, ...late, attached(500_000, 'restarted')).deadlineFrom).toBe(500_000 - 30_000);
  });
});

describe('who is held out of the balancer by hand', () => {
  const HELD = aPlan([['c1']], { steps: ['out', 'drain', 'stop', 'start', 'check', 'warm'] });
  const heldPlan = { ...HELD, batches: HELD.batches.map((b) => ({ ...b, members: b.members.map((m) => ({ ...m, held: true })) })) };
  const lastStep = (plan: typeof HELD, held?: readonly string[]) =>
    nextStepOf(memberOf(after(plan, attached(1, 'resumed', held), entered(2, 'c1', 'warm')), 'c1'));

  it('is told by whoever takes the run over, not by its plan', () => {
    expect(lastStep(PLAN, [])).toBe('in');
    expect(lastStep(PLAN, ['c1'])).toBeNull();
    expect(lastStep(heldPlan, ['c1'])).toBeNull();
    expect(lastStep(heldPlan, [])).toBe('in');
  });

  it('is as planned where an older journal does not tell', () => {
    expect(lastStep(PLAN)).toBe('in');
    expect(lastStep(heldPlan)).toBeNull();
  });

  it('stays so through a turn that did not come about', () => {
    const put = after(PLAN, attached(1, 'resumed', ['c1']), entered(2, 'c1', 'out'), settled(3, 'c1', 'untouched'));
    expect(memberOf(put, 'c1').held).toBe(true);
  });

  it('does not go in after a stop for good, whoever holds it', () => {
    const stop = aPlan([['c1']], { action: 'stop', steps: ['out', 'drain', 'stop'] });
    const plan = { ...stop, batches: stop.batches.map((b) => ({ ...b, members: b.members.map((m) => ({ ...m, held: true })) })) };
    const progress = after(plan, attached(1, 'resumed', []), entered(2, 'c1', 'stop'));
    expect(nextStepOf(memberOf(progress, 'c1'))).toBeNull();
  });
});

describe('a run', () => {
  it('is ending when it was stopped, or more failed than may', () => {
    expect(isEnding(after(PLAN))).toBe(false);
    expect(isEnding(after(PLAN, halting(1, 'interrupted')))).toBe(true);
    expect(isEnding(after(PLAN, settled(1, 'c1', 'failed')))).toBe(true);
    expect(isEnding(after(aPlan([['c1']], { policy: { maxFail: 1 } }), settled(1, 'c1', 'failed')))).toBe(false);
  });

  it('that is aborted cannot be turned into an interrupted one', () => {
    expect(after(PLAN, halting(1, 'aborted'), halting(2, 'interrupted')).halting).toBe('aborted');
    expect(after(PLAN, halting(1, 'interrupted'), halting(2, 'aborted')).halting).toBe('aborted');
  });

  it('is not folded from a journal that no executor can have written', () => {
    expect(() => replay([])).toThrow('the journal does not begin with its plan');
    expect(() => replay([attached(1)])).toThrow('the journal does not begin with its plan');
    expect(() => replay([started(PLAN), started(PLAN)])).toThrow('the journal holds a second plan');
    expect(() => after(PLAN, entered(1, 'c9', 'out'))).toThrow('the journal speaks of c9, which is not in its plan');
  });
});

describe('whatever a cluster does and whenever its controller dies', () => {
  const NAMES = ['c1', 'c2', 'c3'];
  const client = fc.record({
    start: fc.constantFrom('well' as const, 'never-answers' as const, 'exits' as const, 'cannot' as const),
    stop: fc.constantFrom('well' as const, 'survives' as const),
    agentAwayUntil: fc.constantFrom(0, 0, 20_000),
  });
  const haltAt = fc.option(
    fc.record({
      member: fc.constantFrom(...NAMES),
      step: fc.constantFrom('out', 'drain', 'stop', 'start', 'check', 'in'),
      how: fc.constantFrom('interrupted' as const, 'aborted' as const),
    }),
    { nil: null },
  );

  it('each beginning of its journal can be folded, says the same as folding one by one, and survives being written down', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(client, { minLength: 3, maxLength: 3 }),
        fc.nat(2),
        fc.nat(90),
        haltAt,
        async (states, maxFail, at, halt) => {
          const cluster = simulateCluster(NAMES, [['c1', 'c2'], ['c3']], { maxFail });
          NAMES.forEach((name, i) => Object.assign(cluster.client(name), states[i]));
          cluster.crash = { at, effect: true };
          cluster.haltAt = halt;
          while ((await cluster.live()) === 'died');
          cluster.resume = true;
          await cluster.live();

          const { journal } = cluster;
          const written = journal.map((event) => JSON.parse(JSON.stringify(event)) as typeof event);
          let step = replay(journal.slice(0, 1));
          for (let length = 1; length <= journal.length; length++) {
            const event = journal[length - 1];
            if (length > 1 && event !== undefined) step = evolve(step, event);
            const folded = replay(written.slice(0, length));
            expect(folded).toEqual(replay(journal.slice(0, length)));
            expect(folded).toEqual(step);
            for (const member of folded.members.values()) {
              expect(member.step === null).toBe(member.state !== 'active');
              for (const ms of Object.values(member.stepsMs)) expect(ms).toBeGreaterThanOrEqual(0);
            }
          }
        },
      ),
      { numRuns: runs(60) },
    );
  });
});
