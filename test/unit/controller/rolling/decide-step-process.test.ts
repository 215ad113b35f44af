import { describe, expect, it } from 'vitest';
import type { StepContext } from '../../../../controller/rolling/decide-step.js';
import type { MemberFacts } from '../../../../controller/rolling/facts.js';
import { AppError } from '../../../../shared/errors.js';
import {
  S,
  T,
  STOPPING,
  tried,
  AWAY,
  context,
  at,
  decide,
  unseen,
  running,
  DOWN,
  STARTING,
  LOST,
  HEALTHY,
  REFUSES,
  HALTED,
  enter,
  wait,
  blind,
  failed,
  DONE,
  STOPPED,
} from './deciding.js';
import { aPlan, entered, NEW, OLD, settled } from './fixtures.js';

describe('stop', () => {
  const order = { do: 'stop', replacing: OLD };
  const replacing = { over: { replacing: OLD } };
  const out = { standing: 'out' } as const;
  it('is over as soon as the agent has answered; a stop for good is looked at again', () => {
    expect(unseen('stop', context(tried(1)), replacing)).toEqual(enter('start'));
    expect(unseen('stop', context(tried(1)), { ...replacing, plan: STOPPING })).toBeNull();
    expect(unseen('stop', context(tried(1, AWAY)), replacing)).toBeNull();
    expect(unseen('stop', context(), replacing)).toBeNull();
  });

  it.each<[string, Partial<MemberFacts>, StepContext, object]>([
    ['first writes down whom it ends', { process: running() }, at(0), { ...enter('stop'), replacing: OLD }],
    ['writes down that there is nobody', { process: DOWN }, at(0), { ...enter('stop'), replacing: 'none' }],
    ['waits for an agent that does not say who runs', { process: LOST }, at(59, { blindMs: 59_000 }), blind(LOST.why)],
    [
      'puts it back if nobody ever says',
      { process: LOST },
      at(60, { blindMs: 60_000 }),
      enter('back', `its process is unknown: ${LOST.why}`),
    ],
  ])('%s', (_, facts, ctx, action) => expect(decide('stop', facts, ctx)).toEqual(action));

  it('is undone when the run is to end before it is known whom it ends; after that it is carried out', () => {
    expect(decide('stop', { process: running() }, at(0), { then: [STOPPED] })).toEqual(HALTED);
    expect(decide('stop', { ...out, process: running() }, at(0), { ...replacing, then: [STOPPED] })).toEqual(order);
  });

  it.each<[string, Partial<MemberFacts>, StepContext, object]>([
    ['ends that process', { process: running() }, at(0), order],
    ['is over when it is down', { process: DOWN }, at(1), enter('start')],
    ['is over when another one runs', { process: running(NEW) }, at(1), enter('start')],
    ['is over when another one starts', { process: STARTING }, at(1), enter('start')],
    [
      'puts it back if it cannot be stopped',
      { process: running() },
      at(1, tried(0, new AppError('failed', 'it survived SIGKILL'))),
      enter('back', 'did not stop: it survived SIGKILL'),
    ],
    ['is ordered again by the same name if the answer was lost', { process: running() }, at(194, tried(0, AWAY)), order],
    [
      'puts it back when neither asking nor killing helped',
      { process: running() },
      at(195, tried(0, AWAY)),
      enter('back', 'did not stop in 120 s, nor when it was killed'),
    ],
    [
      'has no more patience once it was answered',
      { process: running() },
      at(135, tried(1)),
      enter('back', 'did not stop in 120 s, nor when it was killed'),
    ],
    [
      'waits a minute for an agent that is lost, however long it has taken',
      { process: LOST },
      at(180, { ...tried(0, AWAY), blindMs: 59_000, lostMs: 59_000 }),
      blind(LOST.why),
    ],
    [
      'fails if that agent does not come back',
      { process: LOST },
      at(180, { ...tried(0, AWAY), blindMs: 60_000, lostMs: 60_000 }),
      failed(`nothing is known of its process: ${LOST.why}`),
    ],
    ['has its whole time left when that agent is back', { process: running() }, at(240, { ...tried(0, AWAY), lostMs: 50_000 }), order],
  ])('%s', (_, facts, ctx, action) => expect(decide('stop', { ...out, ...facts }, ctx, replacing)).toEqual(action));

  it.each<[string, Partial<MemberFacts>, StepContext, object]>([
    ['goes back to "out" if somebody let it in again', { standing: 'in' }, at(0), enter('out')],
    ['does so for one that the balancer takes for dead', { standing: 'dead' }, at(0), enter('out')],
    ['does so where the file says something else', { standing: 'unknown', drift: true }, at(0), enter('out')],
    ['waits for a balancer that says nothing', {}, at(1), blind('the balancer does not answer')],
    ['puts it back if that lasts', {}, at(15, { blindMs: 15_000 }), enter('back', 'the balancer does not answer')],
    ['is carried out for one that no balancer knows', { standing: 'none' }, at(1), order],
  ])('%s', (_, facts, ctx, action) => expect(decide('stop', { process: running(), ...facts }, ctx, replacing)).toEqual(action));

  it('of what no balancer was to be told of asks none', () => {
    const plan = aPlan([['c1']], { steps: ['stop', 'start', 'check'] });
    expect(decide('stop', { process: running() }, at(0), { ...replacing, plan })).toEqual(order);
  });

  it('of nobody is over at once', () => {
    expect(decide('stop', { process: LOST }, at(0), { over: { replacing: 'none' } })).toEqual(enter('start'));
  });

  it('for good is done when it is down, and failed if somebody starts it again', () => {
    expect(decide('stop', { process: DOWN }, at(1, tried(1)), { ...replacing, plan: STOPPING })).toEqual(DONE);
    expect(decide('stop', { process: running(NEW) }, at(1, tried(1)), { ...replacing, plan: STOPPING })).toEqual(
      failed(`was started again by somebody else: process ${NEW}`),
    );
  });

  it('for good is not done while its manager is about to start it again', () => {
    const where = { ...replacing, plan: STOPPING };
    expect(decide('stop', { process: STARTING }, at(1, tried(1)), where)).toEqual(wait('forked'));
    expect(decide('stop', { process: STARTING }, at(135, tried(1)), where)).toEqual(failed('is started again and again: forked'));
  });
});

describe('start', () => {
  it('is ordered before anything is looked at, and over as soon as the agent has answered', () => {
    expect(unseen('start')).toEqual({ do: 'start' });
    expect(unseen('start', context(tried(1)))).toEqual(enter('check'));
    expect(unseen('start', context(tried(0, AWAY)))).toBeNull();
  });

  it.each<[string, Partial<MemberFacts>, StepContext, object]>([
    ['is over when it runs, although the answer was lost', { process: running(NEW) }, at(1, tried(0, AWAY)), enter('check')],
    ['is over when it starts', { process: STARTING }, at(1, tried(0, AWAY)), enter('check')],
    [
      'fails if the start command does',
      { process: DOWN },
      at(1, tried(0, new AppError('failed', 'exit code 2'))),
      failed('did not start: exit code 2'),
    ],
    ['is ordered again if the order was lost', { process: DOWN }, at(1, tried(0, AWAY)), { do: 'start' }],
    ['fails after start_deadline', { process: DOWN }, at(300, tried(0, AWAY)), failed('did not start in 300 s')],
    ['waits a minute for an agent that is lost', { process: LOST }, at(250, { ...tried(0, AWAY), blindMs: 59_000 }), blind(LOST.why)],
    [
      'fails if it does not come back',
      { process: LOST },
      at(250, { ...tried(0, AWAY), blindMs: 60_000 }),
      failed(`not started: ${LOST.why}`),
    ],
    ['goes on when the run is to end: who was stopped is started', { process: DOWN }, at(1, tried(0, AWAY)), { do: 'start' }],
  ])('%s', (_, facts, ctx, action) => expect(decide('start', facts, ctx, { then: [STOPPED] })).toEqual(action));

  describe('inside one batch', () => {
    const plan = aPlan([['c2', 'c1']], { timing: { timeToSleepMs: 20_000 } });
    const together = aPlan([['c2', 'c1']], { timing: { timeToSleepMs: 0 } });
    it('waits until the one before has been started', () => {
      const before = [entered(T - 9 * S, 'c2', 'stop')];
      expect(unseen('start', at(0), { plan, before })).toEqual(wait('c2 starts first'));
      expect(decide('start', { process: DOWN }, at(1, tried(0, AWAY)), { plan, before })).toEqual(wait('c2 starts first'));
      expect(unseen('start', at(0), { plan: together, before })).toEqual({ do: 'start' });
    });

    it('comes time_to_sleep after that start', () => {
      const before = [entered(T - 9 * S, 'c2', 'start'), entered(T - 5 * S, 'c2', 'check')];
      expect(unseen('start', at(0), { plan, before })).toEqual(wait('15 s until the next start'));
      expect(unseen('start', at(14.5), { plan, before })).toEqual(wait('1 s until the next start'));
      expect(unseen('start', at(15), { plan, before })).toEqual({ do: 'start' });
      expect(unseen('start', at(0), { plan: together, before })).toEqual({ do: 'start' });
    });

    it('does not wait for one that failed before it was started, nor for one that has not left', () => {
      expect(
        unseen('start', at(0), {
          plan: aPlan([['c2', 'c1']], { timing: { timeToSleepMs: 20_000 }, policy: { maxFail: 1 } }),
          before: [settled(T - 1, 'c2', 'failed')],
        }),
      ).toEqual({ do: 'start' });
      expect(unseen('start', at(0), { plan })).toEqual({ do: 'start' });
    });
  });
});

describe('check', () => {
  it.each<[string, Partial<MemberFacts>, StepContext, object]>([
    ['is over with the first good answer of the client itself', { health: HEALTHY, process: LOST }, at(1), enter('warm')],
    ['waits for that answer, whatever runs', { health: REFUSES, process: running(NEW) }, at(299), wait('connection refused')],
    [
      'waits although nothing is known of the process: the answer is what counts',
      { health: REFUSES, process: LOST },
      at(299),
      wait('connection refused'),
    ],
    ['fails at once when the process has ended', { health: REFUSES, process: DOWN }, at(1), failed('ended while it started: exit code 1')],
    [
      'fails after start_deadline with what was wrong last',
      { health: REFUSES, process: running(NEW) },
      at(300),
      failed('no good answer within 300 s: connection refused'),
    ],
  ])('%s', (_, facts, ctx, action) => expect(decide('check', facts, ctx, { then: [STOPPED] })).toEqual(action));

  it('has one deadline together with the start, from when the member was allowed to start', () => {
    const before = [entered(T - 200 * S, 'c1', 'start')];
    const bad = { health: REFUSES, process: running(NEW) };
    expect(decide('check', bad, at(99), { before })).toEqual(wait('connection refused'));
    expect(decide('check', bad, at(100), { before })).toEqual(failed('no good answer within 300 s: connection refused'));

    const plan = aPlan([['c2', 'c1']], { timing: { timeToSleepMs: 20_000 } });
    const mate = [entered(T - 210 * S, 'c2', 'start'), entered(T - 200 * S, 'c2', 'check')];
    const waited = { plan, before: [...mate, ...before] };
    expect(decide('check', bad, at(119), waited)).toEqual(wait('connection refused'));
    expect(decide('check', bad, at(120), waited)).toEqual(failed('no good answer within 300 s: connection refused'));
  });
});

describe('warm', () => {
  it('is done once, and its failure is no reason to stay out', () => {
    expect(unseen('warm')).toEqual({ do: 'warm' });
    expect(unseen('warm', context(tried(1)))).toEqual(enter('in'));
    expect(unseen('warm', context(tried(0, AWAY)))).toEqual(enter('in'));
    expect(decide('warm', {})).toEqual(enter('in'));
  });
});
