import { describe, expect, it } from 'vitest';
import { decideTakeover, stepAtTakeover } from '../../../../controller/rolling/decide-takeover.js';
import type { ClientFacts } from '../../../../controller/rolling/facts.js';
import { memberOf } from '../../../../controller/rolling/progress.js';
import type { Step } from '../../../../shared/model/operation.js';
import { after, aPlan, attached, clientFacts, DEAD, entered, FULL, SERVING } from './fixtures.js';

const PLAN = aPlan([['c1', 'c2'], ['c3']]);
const OUT: ClientFacts = { standing: 'out', health: 'down' };
const UNKNOWN: ClientFacts = { standing: 'unknown', health: 'unknown' };
const TAKEN_AT = 900_000;

const take = (step: Step, clients: Readonly<Record<string, ClientFacts>>, { now = TAKEN_AT, plan = PLAN } = {}) =>
  decideTakeover(after(plan, entered(5, 'c2', step), attached(TAKEN_AT, 'restarted')), ['c2'], clientFacts(clients), now);
const decide = (step: Step, facts: ClientFacts, over = {}) => take(step, { c2: facts }, over);
const BEGIN = { do: 'begin', members: ['c2'] };
const LET_BE = { do: 'let-be', members: ['c2'] };
const WAIT = { do: 'wait', why: 'nobody says whether c2 is in the balancer', pollMs: 500 };

describe('a client that was to leave when its controller died', () => {
  const leaving = ['out', 'drain', 'stop'] as const;
  it.each(leaving)('waits for its turn again if it is in: min_active is seen to anew (%s)', (step) => {
    expect(decide(step, SERVING)).toEqual(LET_BE);
    expect(decide(step, DEAD)).toEqual(LET_BE);
  });

  it.each(leaving)('goes on if it is out, and where file and balancer differ, if the others suffice (%s)', (step) => {
    expect(decide(step, OUT)).toEqual(BEGIN);
    const drift = { c2: { ...UNKNOWN, drift: true } };
    expect(take(step, { ...drift, c1: SERVING })).toEqual(BEGIN);
    expect(take(step, drift)).toEqual(LET_BE);
    expect(take(step, drift, { plan: aPlan([['c1', 'c2']], { policy: { guarded: false } }) })).toEqual(BEGIN);
  });

  it.each(leaving)('waits a minute for agents that come back one by one (%s)', (step) => {
    expect(decide(step, UNKNOWN)).toEqual(WAIT);
    expect(decide(step, UNKNOWN, { now: TAKEN_AT + 59_999 })).toEqual(WAIT);
    expect(decide(step, UNKNOWN, { now: TAKEN_AT + 60_000 })).toEqual(BEGIN);
  });

  it('goes on where no balancer was to be told of it', () => {
    const plan = aPlan([['c1', 'c2']], { steps: ['stop', 'start', 'check'] });
    expect(decide('stop', UNKNOWN, { plan })).toEqual(BEGIN);
    expect(decide('stop', SERVING, { plan })).toEqual(BEGIN);
  });
});

describe('a client that was stopped already when its controller died', () => {
  it.each(['start', 'check', 'warm', 'in', 'back'] as const)('goes on at once, whatever is known (%s)', (step) => {
    for (const facts of [UNKNOWN, OUT, DEAD, SERVING]) expect(decide(step, facts)).toEqual(BEGIN);
  });

  it('does not wait for another one of which nothing is known', () => {
    const progress = after(PLAN, entered(5, 'c1', 'drain'), entered(5, 'c2', 'start'), attached(TAKEN_AT, 'restarted'));
    expect(decideTakeover(progress, ['c1', 'c2'], clientFacts({ c1: UNKNOWN, c2: UNKNOWN }), TAKEN_AT)).toEqual(BEGIN);
  });

  it.each<[Step, Step | null]>([
    ['warm', 'check'],
    ['in', 'check'],
    ['check', null],
    ['start', null],
    ['out', 'out'],
    ['drain', 'drain'],
    ['stop', 'stop'],
    ['back', null],
  ])('proves again that it answers before it goes in, and has its whole time to leave (%s)', (step, again) => {
    expect(stepAtTakeover(memberOf(after(PLAN, entered(5, 'c2', step)), 'c2'))).toBe(again);
  });

  it('has nothing to prove where its plan has no check', () => {
    const plan = aPlan([['c2']], { steps: FULL.filter((step) => step !== 'check') });
    expect(stepAtTakeover(memberOf(after(plan, entered(5, 'c2', 'in')), 'c2'))).toBeNull();
  });
});
