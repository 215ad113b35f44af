import { describe, expect, it } from 'vitest';
import type { StepContext } from '../../../../controller/rolling/decide-step.js';
import { TAKEN_OVER } from '../../../../controller/rolling/decide-takeover.js';
import type { MemberFacts } from '../../../../controller/rolling/facts.js';
import {
  S,
  T,
  tried,
  AWAY,
  REFUSED,
  context,
  at,
  type Where,
  decide,
  unseen,
  running,
  DOWN,
  LOST,
  connections,
  idle,
  SILENT,
  HEALTHY,
  REFUSES,
  HALTED,
  enter,
  wait,
  blind,
  failed,
  DONE,
  OUT,
  IN,
  STOPPED,
  OTHER_FAILED,
  couldNot,
} from './deciding.js';
import { aPlan, attached, entered, OLD, UNSEEN } from './fixtures.js';

describe('out', () => {
  it('is ordered before anything is looked at, unless the run is to end', () => {
    expect(unseen('out')).toEqual(OUT);
    expect(unseen('out', context(tried(1)))).toBeNull();
    expect(unseen('out', context(tried(0, AWAY)))).toBeNull();
    expect(unseen('out', context(), { then: [STOPPED] })).toBeNull();
    expect(unseen('out', context(), { plan: aPlan([['c1', 'c2']]), then: [OTHER_FAILED] })).toBeNull();
  });

  it.each<[string, Partial<MemberFacts>, StepContext, object]>([
    ['is over when the balancer says so', { standing: 'out' }, at(1, tried(1)), enter('drain')],
    ['is over for one that no balancer knows', { standing: 'none' }, at(1, tried(1)), enter('drain')],
    ['is ordered at least once, so that the file knows it, too', { standing: 'out' }, at(1, tried(0, AWAY)), OUT],
    ['is ordered again while the balancer still sends', { standing: 'in' }, at(14.9, tried(1)), OUT],
    ['is ordered again for one that the balancer takes for dead', { standing: 'dead' }, at(1, tried(1)), OUT],
    ['is ordered again where the file says something else', { standing: 'unknown', drift: true }, at(1, tried(1)), OUT],
    ['is given up after 15 s', { standing: 'in' }, at(15, tried(9)), couldNot('the balancer still says "in" 15 s after it was told "out"')],
    ['is given up at once if the balancer refuses', { standing: 'in' }, at(1, tried(0, REFUSED)), couldNot('pound -c said no')],
    ['is tried for a minute if orders do not arrive', { standing: 'in' }, at(59.9, tried(0, AWAY)), OUT],
    ['is given up after that minute', { standing: 'in' }, at(60, tried(0, AWAY)), couldNot('agent lb1 is not connected')],
    ['waits for a balancer that says nothing', {}, at(14, { ...tried(1), blindMs: 14_000 }), blind('the balancer does not answer')],
    ['does so for 15 s', {}, at(15, { ...tried(1), blindMs: 15_000 }), enter('back', 'the balancer does not answer')],
    [
      'waits for its agent',
      { away: 'agent lb1 is not connected' },
      at(59, { ...tried(1), blindMs: 59_000 }),
      blind('agent lb1 is not connected'),
    ],
    [
      'does so for a minute',
      { away: 'agent lb1 is not connected' },
      at(60, { ...tried(1), blindMs: 60_000 }),
      enter('back', 'agent lb1 is not connected'),
    ],
    ['has its whole time left when that agent is back', { standing: 'in' }, at(50, { ...tried(1), lostMs: 40_000 }), OUT],
  ])('%s', (_, facts, ctx, action) => expect(decide('out', facts, ctx)).toEqual(action));

  it('is undone, whatever is seen, when the run is to end', () => {
    expect(decide('out', { standing: 'out' }, at(1, tried(1)), { then: [STOPPED] })).toEqual(HALTED);
    expect(decide('out', {}, at(1), { then: [STOPPED] })).toEqual(HALTED);
  });
});

describe('drain', () => {
  const out = { standing: 'out', process: running() } as const;
  const stop = (detail?: string) => ({ ...enter('stop', detail), replacing: OLD });
  it.each<[string, Partial<MemberFacts>, StepContext, object]>([
    ['is over when there is no connection', { ...out, connections: SILENT }, at(0), stop()],
    [
      'is over when all connections are silent for drain_quiet',
      { ...out, connections: connections(idle(5_000), idle(60_000)) },
      at(1),
      stop(),
    ],
    [
      'waits for one that spoke a moment ago',
      { ...out, connections: connections(idle(4_999), idle(60_000)) },
      at(1),
      wait('2 connections, 0 with a request'),
    ],
    [
      'waits for a request that was not answered',
      { ...out, connections: connections({ peer: 'lb', silentMs: 60_000, pending: true }) },
      at(29),
      wait('1 connections, 1 with a request'),
    ],
    [
      'waits where nobody can tell how silent they are',
      { ...out, connections: connections(idle(null)) },
      at(29),
      wait('1 connections, 0 with a request'),
    ],
    [
      'goes on after drain, with a warning',
      { ...out, connections: connections(idle(0)) },
      at(30),
      stop('not drained after 30 s: 1 connections, 0 with a request'),
    ],
    [
      'goes on after drain where connections cannot be seen',
      { ...out, connections: { ok: false, why: 'no ss here' } },
      at(30),
      stop('not drained after 30 s: no ss here'),
    ],
    ['is out again first, if somebody let it in', { standing: 'in', process: running(), connections: SILENT }, at(1), OUT],
    [
      'is out again first, if the file says something else',
      { ...UNSEEN, drift: true, process: running(), connections: SILENT },
      at(1),
      OUT,
    ],
    [
      'has its whole time from when it was taken out once more',
      { ...out, connections: connections(idle(0)) },
      at(44, { attempts: { done: 1, doneAt: T + 15 * S, error: null } }),
      wait('1 connections, 0 with a request'),
    ],
    [
      'goes on after that',
      { ...out, connections: connections(idle(0)) },
      at(45, { attempts: { done: 1, doneAt: T + 15 * S, error: null } }),
      stop('not drained after 30 s: 1 connections, 0 with a request'),
    ],
    [
      'is given up if it does not stay out',
      { standing: 'in', process: running() },
      at(45),
      couldNot('the balancer still says "in" 45 s after it was told "out"'),
    ],
    [
      'proves nothing while the balancer says nothing',
      { process: running(), connections: SILENT },
      at(60, { blindMs: 14_000 }),
      blind('the balancer does not answer'),
    ],
    [
      'is given up if that lasts',
      { process: running(), connections: SILENT },
      at(60, { blindMs: 15_000 }),
      enter('back', 'the balancer does not answer'),
    ],
    [
      'waits for the agent that sees the connections',
      { standing: 'out', away: 'agent web1 is not connected' },
      at(99, { blindMs: 59_999 }),
      blind('agent web1 is not connected'),
    ],
    [
      'does so for a minute',
      { standing: 'out', away: 'agent web1 is not connected' },
      at(99, { blindMs: 60_000 }),
      enter('back', 'agent web1 is not connected'),
    ],
    [
      'has its whole time left when that agent is back',
      { ...out, connections: connections(idle(0)) },
      at(50, { lostMs: 40_000 }),
      wait('1 connections, 0 with a request'),
    ],
  ])('%s', (_, facts, ctx, action) => expect(decide('drain', facts, ctx)).toEqual(action));

  it('goes on once it is written down whom a stop replaces: that may have been done', () => {
    const where = { before: [entered(T - 1, 'c1', 'stop', { replacing: OLD })], then: [STOPPED] };
    expect(unseen('out', context(), where)).toEqual(OUT);
    expect(decide('out', { standing: 'out' }, at(1, tried(1)), where)).toEqual(enter('drain'));
    expect(decide('drain', { ...out, process: DOWN, connections: SILENT }, at(1), where)).toEqual(enter('stop'));
  });

  it('is undone when the run is to end', () => {
    expect(decide('drain', { ...out, connections: SILENT }, at(1), { then: [STOPPED] })).toEqual(HALTED);
    expect(decide('drain', { ...out, connections: SILENT }, at(1), { plan: aPlan([['c1', 'c2']]), then: [OTHER_FAILED] })).toEqual(HALTED);
  });

  it('names nobody to be stopped where there is nobody, and asks later where that is not known', () => {
    expect(decide('drain', { ...out, process: DOWN, connections: SILENT })).toEqual({ ...enter('stop'), replacing: 'none' });
    expect(decide('drain', { ...out, process: LOST, connections: SILENT })).toEqual(enter('stop'));
  });

  it('is not left before one of an earlier batch, healthy again, is in', () => {
    const plan = aPlan([['c2'], ['c1']]);
    for (const step of ['check', 'warm', 'in'] as const) {
      const action = decide('drain', { ...out, connections: SILENT }, at(1), { plan, before: [entered(T - 1, 'c2', step)] });
      expect(action).toEqual(wait('drained; c2 goes in first'));
    }
  });
});

describe('in', () => {
  it('is ordered before anything is looked at, also when the run is to end', () => {
    expect(unseen('in', context(), { then: [STOPPED] })).toEqual(IN);
    expect(unseen('in', context(tried(1)))).toBeNull();
  });

  it('is not for one that somebody holds out by hand now', () => {
    expect(unseen('in', context(), { then: [attached(T, 'resumed', ['c1'])] })).toEqual(DONE);
  });

  const notTaken = 'healthy, but 35 s after it was let in the balancer says';
  it.each<[string, Partial<MemberFacts>, StepContext, object]>([
    ['is done when the balancer sends again', { standing: 'in' }, at(1, tried(1)), DONE],
    ['is done for one that no balancer knows', { standing: 'none' }, at(1, tried(1)), DONE],
    ['is ordered again while the balancer says out', { standing: 'out' }, at(34, tried(1)), IN],
    ['is ordered again where the file says something else', { standing: 'unknown', drift: true }, at(34, tried(1)), IN],
    [
      'waits until the balancer has found it alive',
      { standing: 'dead' },
      at(34, tried(1)),
      wait('the balancer has not found it alive yet'),
    ],
    ['fails after its probe interval and 5 s', { standing: 'dead' }, at(35, tried(1)), failed(`${notTaken} "dead"`)],
    ['fails if it stays out', { standing: 'out' }, at(35, tried(1)), failed(`${notTaken} "out"`)],
    [
      'fails if the balancer refuses',
      { standing: 'out' },
      at(1, tried(0, REFUSED)),
      failed('healthy, but the balancer does not take it: pound -c said no'),
    ],
    ['waits for a balancer that says nothing', {}, at(99, { blindMs: 14_000, lostMs: 14_000 }), blind('the balancer does not answer')],
    ['fails if that lasts', {}, at(99, { blindMs: 15_000, lostMs: 15_000 }), failed('healthy, but the balancer does not answer')],
    [
      'waits for its agent for a minute',
      { away: 'agent lb1 is not connected' },
      at(99, { blindMs: 59_000 }),
      blind('agent lb1 is not connected'),
    ],
    [
      'fails if that does not come back',
      { away: 'agent lb1 is not connected' },
      at(99, { blindMs: 60_000 }),
      failed('healthy, but agent lb1 is not connected'),
    ],
    ['has its whole time left when that agent is back', { standing: 'out' }, at(50, { ...tried(0, AWAY), lostMs: 48_000 }), IN],
  ])('%s', (_, facts, ctx, action) => expect(decide('in', facts, ctx)).toEqual(action));
});

describe('back', () => {
  const because = (detail: string): Where => ({ over: { detail } });
  const failing = because('did not stop: no');
  const untouched = because('the operation was stopped');
  const UNTOUCHED = { do: 'settle', result: 'untouched' };

  it.each<[string, Partial<MemberFacts>, StepContext, object]>([
    ['lets a healthy client in again', { standing: 'out', health: HEALTHY }, at(1), IN],
    ['ends as failed, for the reason for which it is put back', { standing: 'in', health: HEALTHY }, at(1), failed('did not stop: no')],
    ['has nothing to do where no balancer knows it', { standing: 'none', health: REFUSES }, at(1), failed('did not stop: no')],
    ['gives one that does not answer a moment', { standing: 'out', health: REFUSES }, at(14), wait('connection refused')],
    [
      'leaves it out then',
      { standing: 'out', health: REFUSES },
      at(15),
      failed('did not stop: no; it stays out, it is not healthy: connection refused'),
    ],
    [
      'waits until the balancer finds it alive',
      { standing: 'dead', health: HEALTHY },
      at(34),
      wait('the balancer has not found it alive yet'),
    ],
    [
      'says if the balancer does not take it',
      { standing: 'out', health: HEALTHY },
      at(35),
      failed('did not stop: no; healthy, but 35 s after it was let in the balancer says "out"'),
    ],
    ['lets it in at least once, although a balancer says nothing: another one may obey', { health: HEALTHY }, at(0), IN],
    [
      'says if the balancer says nothing',
      { health: HEALTHY },
      at(99, { ...tried(0, AWAY), blindMs: 15_000 }),
      failed('did not stop: no; healthy, but the balancer does not answer'),
    ],
  ])('%s', (_, facts, ctx, action) => expect(decide('back', facts, ctx, failing)).toEqual(action));

  it('leaves one out that is held by hand now, and an untouched one that was out before', () => {
    const held = { then: [attached(T, 'resumed', ['c1'])] };
    expect(decide('back', { standing: 'out', health: HEALTHY }, at(1), { ...failing, ...held })).toEqual(failed('did not stop: no'));
    expect(decide('back', { standing: 'out', health: HEALTHY }, at(1), { ...untouched, ...held })).toEqual(UNTOUCHED);
    const outside = { before: [entered(T - 1, 'c1', 'out', { outside: true })] };
    expect(decide('back', { standing: 'out', health: HEALTHY }, at(1), { ...untouched, ...outside })).toEqual(UNTOUCHED);
    expect(decide('back', { standing: 'out', health: HEALTHY }, at(1), { ...failing, ...outside })).toEqual(IN);
    expect(decide('back', { standing: 'in', health: REFUSES }, at(1), because(TAKEN_OVER))).toEqual(UNTOUCHED);
  });

  it.each<[string, Partial<MemberFacts>, StepContext, object]>([
    ['goes in again, healthy or not: it is as it was', { standing: 'out', health: REFUSES }, at(1), IN],
    ['is as before when the balancer sends again', { standing: 'in', health: REFUSES }, at(1), UNTOUCHED],
    ['is as before when the balancer takes it for dead, as before', { standing: 'dead', health: REFUSES }, at(1), UNTOUCHED],
    [
      'has failed if the balancer does not take it',
      { standing: 'out', health: HEALTHY },
      at(35),
      failed('the operation was stopped; healthy, but 35 s after it was let in the balancer says "out"'),
    ],
  ])('an untouched one %s', (_, facts, ctx, action) => expect(decide('back', facts, ctx, untouched)).toEqual(action));
});
