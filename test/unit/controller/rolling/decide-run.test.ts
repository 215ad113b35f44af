import { describe, expect, it } from 'vitest';
import { decideEnd, decideRun, mayOverlap } from '../../../../controller/rolling/decide-run.js';
import type { RunAction } from '../../../../controller/rolling/run-action.js';
import type { ClientFacts } from '../../../../controller/rolling/facts.js';
import type { Progress } from '../../../../controller/rolling/progress.js';
import { after, aPlan, attached, clientFacts, DEAD, entered, halting, SERVING, settled } from './fixtures.js';

const ALL = { c1: SERVING, c2: SERVING, c3: SERVING };
const ONE_BY_ONE = [['c1'], ['c2'], ['c3']];
const NOBODY: ReadonlySet<string> = new Set();

const decide = (progress: Progress, clients: Readonly<Record<string, ClientFacts>> = ALL, now = 1_000, driven = NOBODY): RunAction =>
  decideRun(progress, clientFacts(clients), { now, driven });

describe('what a run begins with', () => {
  it('takes dead clients out one by one, then begins the first batch', () => {
    const plan = aPlan(ONE_BY_ONE, { takeOut: ['c8', 'c9'] });
    expect(decide(after(plan))).toEqual({ do: 'take-out', client: 'c8' });
    expect(decide(after(plan, { type: 'taken-out', at: 1, client: 'c8', error: 'no answer' }))).toEqual({ do: 'take-out', client: 'c9' });
    const both = ['c8', 'c9'].map((client) => ({ type: 'taken-out', at: 1, client, error: null }) as const);
    expect(decide(after(plan, ...both))).toEqual({ do: 'begin', members: ['c1'] });
  });

  it('leaves a client in that answers again, and the last ones that there are', () => {
    const plan = aPlan(ONE_BY_ONE, { takeOut: ['c8', 'c9'] });
    expect(decide(after(plan), { ...ALL, c8: SERVING, c9: DEAD })).toEqual({ do: 'take-out', client: 'c9' });
    expect(decide(after(plan), { c1: DEAD, c2: DEAD, c3: DEAD, c8: DEAD, c9: DEAD })).toEqual({ do: 'begin', members: ['c1'] });
  });
});

describe('who of a batch can leave', () => {
  const batch = [['c1', 'c2', 'c3']];
  it.each<[string, number, Record<string, ClientFacts>, string[]]>([
    ['all of them where enough others serve', 1, { ...ALL, c4: SERVING }, ['c1', 'c2', 'c3']],
    ['as many as min_active spares, in their order', 2, { ...ALL, c4: SERVING }, ['c1', 'c2']],
    ['one, if all but one have to stay', 2, ALL, ['c1']],
    ['a dead one beside the one that can be spared', 1, { c1: SERVING, c2: DEAD, c3: SERVING }, ['c1', 'c2']],
    ['a dead one, although nobody can be spared', 2, { c1: SERVING, c2: DEAD, c3: SERVING }, ['c2']],
    [
      'one that is out already, although nobody can be spared',
      2,
      { c1: SERVING, c2: { standing: 'out', health: 'passing' }, c3: SERVING },
      ['c2'],
    ],
    ['one that answers with errors: it serves nobody', 2, { c1: SERVING, c2: { standing: 'in', health: 'failing' }, c3: SERVING }, ['c2']],
    ['one that may serve, if the others suffice', 2, { c1: SERVING, c2: { standing: 'in', health: 'unknown' }, c3: SERVING }, ['c2']],
    [
      'one whose standing is unknown, if the others suffice',
      2,
      { c1: SERVING, c2: SERVING, c3: { standing: 'unknown', health: 'passing' } },
      ['c3'],
    ],
  ])('%s', (_, minActive, clients, leaving) => {
    expect(decide(after(aPlan(batch, { policy: { minActive } })), clients)).toMatchObject({ do: 'begin', members: leaving });
  });

  it('and who of them stands outside already', () => {
    const clients: Record<string, ClientFacts> = { c1: SERVING, c2: { standing: 'out', health: 'passing' }, c3: SERVING };
    expect(decide(after(aPlan([['c1', 'c2']])), clients)).toEqual({ do: 'begin', members: ['c1', 'c2'], outside: ['c2'] });
  });

  it('nobody that may serve, if the others do not suffice: it is waited for a minute from when the last one was in hand', () => {
    const progress = after(aPlan([['c2'], ['c1']], { policy: { minActive: 2 } }), entered(1_000, 'c2', 'out'), settled(50_000, 'c2'));
    const clients: Record<string, ClientFacts> = {
      c1: SERVING,
      c2: SERVING,
      c3: { standing: 'in', health: 'unknown' },
      c4: { standing: 'none', health: 'down' },
    };
    const why = '2 clients serve, 2 have to when c1 is out; c3 is in and unknown';
    expect(decide(progress, clients, 109_999)).toEqual({ do: 'wait', why });
    expect(decide(progress, clients, 110_000)).toEqual({ do: 'finish', outcome: 'halted', why });
  });

  it('the whole batch, whoever serves, where nothing is guarded', () => {
    const plan = aPlan(batch, { policy: { guarded: false, minActive: 3 } });
    expect(decide(after(plan))).toEqual({ do: 'begin', members: ['c1', 'c2', 'c3'] });
  });

  it('only those of it that still wait', () => {
    const progress = after(aPlan(batch), entered(1, 'c2', 'out'), settled(2, 'c2'));
    expect(decide(progress)).toEqual({ do: 'begin', members: ['c1', 'c3'] });
  });
});

describe('while a client is in hand', () => {
  const plan = (over = {}) => aPlan(ONE_BY_ONE, over);
  const driven = new Set(['c1']);
  it('the next one may leave as soon as it is healthy again, if min_active allows it', () => {
    for (const step of ['warm', 'in'] as const) {
      const progress = after(plan(), entered(1, 'c1', step));
      expect(mayOverlap(progress)).toBe(true);
      expect(decide(progress, { ...ALL, c1: { standing: 'out', health: 'passing' } }, 1_000, driven)).toEqual({
        do: 'begin',
        members: ['c2'],
      });
      const tight = after(plan({ policy: { minActive: 2 } }), entered(1, 'c1', step));
      expect(decide(tight, { ...ALL, c1: { standing: 'out', health: 'passing' } }, 1_000, driven)).toEqual({ do: 'follow' });
    }
  });

  it.each(['out', 'drain', 'stop', 'start', 'check', 'back'] as const)('the next one stays while it is at %s', (step) => {
    const progress = after(plan(), entered(1, 'c1', step));
    expect(mayOverlap(progress)).toBe(false);
    expect(decide(progress, ALL, 1_000, driven)).toEqual({ do: 'follow' });
  });

  it('the next one stays if the run is to end: stopped by its operator, or past its deadline', () => {
    expect(decide(after(plan(), entered(1, 'c1', 'in'), halting(2, 'interrupted')), ALL, 1_000, driven)).toEqual({ do: 'follow' });
    const late = after(plan({ policy: { deadlineMs: 1_000 } }), entered(1, 'c1', 'in'));
    expect(decide(late, ALL, 1_000, driven)).toEqual({ do: 'follow' });
  });
});

describe('how a run ends', () => {
  const done = (name: string) => [entered(1, name, 'out'), settled(2, name)];
  const failed = (name: string) => [entered(1, name, 'out'), settled(2, name, 'failed', 'no answer')];
  const plan = (maxFail = 0) => aPlan(ONE_BY_ONE, { policy: { maxFail } });

  it('completed, when the last one is in', () => {
    expect(decide(after(plan(), ...done('c1'), ...done('c2'), ...done('c3')))).toEqual({ do: 'finish', outcome: 'completed', why: null });
  });

  it('halted by one failure more than allowed, with the first of them', () => {
    expect(decide(after(plan(), ...failed('c1')))).toEqual({ do: 'finish', outcome: 'halted', why: 'c1: no answer' });
    expect(decide(after(plan(1), ...failed('c1')))).toEqual({ do: 'begin', members: ['c2'] });
    expect(decide(after(plan(1), ...failed('c1'), ...failed('c2')))).toEqual({ do: 'finish', outcome: 'halted', why: 'c1: no answer' });
  });

  it('halted by a failure of what the clients stand on, however many may fail', () => {
    const progress = after(
      aPlan(ONE_BY_ONE, { roots: ['zeo'], policy: { maxFail: 5 } }),
      entered(1, 'zeo', 'start'),
      settled(2, 'zeo', 'failed', 'no answer'),
    );
    expect(decide(progress)).toEqual({ do: 'finish', outcome: 'halted', why: 'zeo: no answer' });
  });

  it('interrupted or aborted, when nobody is in hand any more', () => {
    expect(decide(after(plan(), ...done('c1'), halting(3, 'interrupted')))).toEqual({ do: 'finish', outcome: 'interrupted', why: null });
    expect(decide(after(plan(), ...done('c1'), halting(3, 'aborted')))).toEqual({ do: 'finish', outcome: 'aborted', why: null });
    expect(decide(after(plan(), halting(1, 'aborted'), halting(2, 'interrupted')))).toMatchObject({ outcome: 'aborted' });
  });

  it('interrupted rather than halted, if both hold', () => {
    expect(decide(after(plan(), ...failed('c1'), halting(3, 'interrupted')))).toEqual({
      do: 'finish',
      outcome: 'interrupted',
      why: 'c1: no answer',
    });
  });

  it('without a look at the cluster where nothing that is seen could change it', () => {
    expect(decideEnd(after(plan()))).toBeNull();
    expect(decideEnd(after(plan(), entered(1, 'c1', 'out'), halting(2, 'aborted')))).toBeNull();
    expect(decideEnd(after(plan(), halting(2, 'aborted')))).toEqual({ do: 'finish', outcome: 'aborted', why: null });
    expect(decideEnd(after(plan(), ...failed('c1')))).toMatchObject({ outcome: 'halted' });
  });
});

describe('the deadline of a run', () => {
  const plan = aPlan(ONE_BY_ONE, { policy: { deadlineMs: 60_000 } });
  const late = { do: 'finish', outcome: 'halted', why: 'the deadline of 60 s has passed' };

  it('lets nobody leave from then on', () => {
    expect(decide(after(plan, attached(0)), ALL, 59_999)).toEqual({ do: 'begin', members: ['c1'] });
    expect(decide(after(plan, attached(0)), ALL, 60_000)).toEqual(late);
  });

  it('does not run on while no controller was there', () => {
    const progress = after(plan, attached(0), entered(10_000, 'c1', 'out'), attached(1_000_000, 'restarted'), settled(1_010_000, 'c1'));
    expect(decide(progress, ALL, 1_049_999)).toMatchObject({ do: 'begin' });
    expect(decide(progress, ALL, 1_050_000)).toEqual(late);
  });

  it('begins anew with a resumption', () => {
    const progress = after(
      plan,
      attached(0),
      { type: 'finished', at: 60_000, outcome: 'halted', why: 'late' },
      attached(1_000_000, 'resumed'),
    );
    expect(decide(progress, ALL, 1_059_999)).toMatchObject({ do: 'begin' });
    expect(decide(progress, ALL, 1_060_000)).toEqual(late);
  });
});
