import { describe, expect, it } from 'vitest';
import type { JournalEvent } from '../../../../controller/rolling/events.js';
import { replay } from '../../../../controller/rolling/progress.js';
import { resultOf, summaryOf, tellJournal } from '../../../../controller/rolling/report.js';
import { OUTCOMES, type OperationEvent, type OutcomeKind } from '../../../../shared/model/operation.js';
import type { RepairDecision } from '../../../../shared/model/repair.js';
import { after, aPlan, attached, entered, halting, ID, OLD, settled, started } from './fixtures.js';

const PLAN = aPlan([['c1'], ['c2']], { warnings: ['c9: no balancer has it'], steps: ['out', 'stop', 'in'] });
const tell = (...events: readonly JournalEvent[]): OperationEvent[] => tellJournal([started(PLAN), ...events]).slice(2);
const finished = (at: number, outcome: Exclude<OutcomeKind, 'refused'>, why: string | null = null): JournalEvent => ({
  ...{ type: 'finished', at, outcome, why },
});
const step = (name: string, what: string, state: 'begin' | 'end', at: number, ms: number | null, detail: string | null = null) => ({
  ...{ type: 'step', operation: ID, service: name, step: what, state, at, ms, detail },
});
const note = (at: number, message: string, service: string | null = null) => ({ type: 'note', operation: ID, service, at, message });

describe('the exit code of a repair', () => {
  const decision = (state: RepairDecision['state'], action: RepairDecision['action']): RepairDecision => ({
    ...{ service: 'c9', state, action, reason: 'because' },
  });
  const exitOf = (...decisions: readonly RepairDecision[]) =>
    resultOf(
      replay([
        started(aPlan([], { action: 'repair', decisions })),
        attached(1),
        { type: 'finished', at: 2, outcome: 'completed', why: null },
      ]),
    );

  it.each<[string, RepairDecision, number, readonly object[]]>([
    ['0 where all is well', decision('well', 'none'), 0, []],
    ['1 where something critical was left', decision('critical', 'none'), 1, [{ name: 'c9', result: 'skipped', why: 'because' }]],
    ['1 where something was given up', decision('critical', 'give-up'), 1, [{ name: 'c9', result: 'skipped' }]],
    ['5 where something is not known', decision('unknown', 'none'), 5, [{ name: 'c9', result: 'skipped' }]],
  ])('is %s', (_, one, exit, services) => {
    expect(exitOf(decision('well', 'none'), one)).toMatchObject({ exit, services });
  });
});

it('the duration of an operation is the time in which somebody was at it', () => {
  const away = [started(aPlan([])), attached(1_000), attached(500_000, 'restarted')];
  expect(resultOf(replay([...away, { type: 'finished', at: 502_000, outcome: 'completed', why: null }])).seconds).toBe(3);
});

describe('what an operator sees of a journal', () => {
  it('begins with the plan, step by step, and its warnings', () => {
    expect(tellJournal([started(PLAN)])).toEqual([
      {
        type: 'started',
        operation: ID,
        action: 'start',
        at: 0,
        plan: expect.arrayContaining([{ step: 'out', service: 'c1', batch: 1, pool: 1, detail: null }]) as unknown,
      },
      note(0, 'c9: no balancer has it'),
    ]);
    expect(tell(attached(1))).toEqual([]);
  });

  it('has a begin and an end of every step, with its duration', () => {
    expect(tell(entered(10, 'c1', 'out'), entered(30, 'c1', 'stop', { detail: 'not drained' }), settled(70, 'c1'))).toEqual([
      step('c1', 'out', 'begin', 10, null),
      step('c1', 'out', 'end', 30, 20),
      step('c1', 'stop', 'begin', 30, null, 'not drained'),
      step('c1', 'stop', 'end', 70, 40),
    ]);
  });

  it('does not begin a step again that is entered again, and counts its time from the first', () => {
    const events = tell(entered(10, 'c1', 'stop'), entered(20, 'c1', 'stop', { replacing: OLD }), settled(50, 'c1'));
    expect(events).toEqual([step('c1', 'stop', 'begin', 10, null), step('c1', 'stop', 'end', 50, 40)]);
  });

  it('tells a failure by its step and its reason', () => {
    expect(tell(entered(10, 'c1', 'stop'), settled(20, 'c1', 'failed', 'no answer'))).toEqual([
      step('c1', 'stop', 'begin', 10, null),
      step('c1', 'stop', 'end', 20, 10),
      step('c1', 'fail', 'begin', 20, null, 'no answer'),
    ]);
  });

  it('says that a client was put back untouched', () => {
    expect(tell(entered(10, 'c1', 'back', { detail: 'the operation was stopped' }), settled(20, 'c1', 'untouched'))).toEqual([
      step('c1', 'back', 'begin', 10, null, 'the operation was stopped'),
      step('c1', 'back', 'end', 20, 10),
      note(20, 'put back, untouched', 'c1'),
    ]);
  });

  it('says what happened to dead clients, what was noted, and who stopped or resumed it', () => {
    expect(
      tell(
        { type: 'taken-out', at: 1, client: 'c8', error: null },
        { type: 'taken-out', at: 2, client: 'c9', error: 'no answer' },
        { type: 'noted', at: 3, member: 'c1', message: 'warm-up: /a: 500' },
        halting(4, 'interrupted'),
        attached(5, 'restarted'),
        attached(6, 'resumed'),
        attached(7, 'aborting'),
        halting(8, 'aborted'),
      ),
    ).toEqual([
      note(1, 'is dead: taken out of the balancer', 'c8'),
      note(2, 'is dead, but could not be taken out of the balancer: no answer', 'c9'),
      note(3, 'warm-up: /a: 500', 'c1'),
      note(4, 'asked to stop'),
      note(5, 'the controller was away and takes the operation up again'),
      note(6, 'resumed'),
      note(7, 'taken up again to be aborted'),
      note(8, 'asked to abort'),
    ]);
  });

  it('has one result, the last', () => {
    const twice = tell(finished(10, 'interrupted'), attached(20, 'resumed'), finished(30, 'completed'));
    expect(twice.map((event) => (event.type === 'result' ? event.result.outcome : event.type))).toEqual(['note', 'completed']);
    const open = tell(finished(10, 'interrupted'), attached(20, 'resumed'));
    expect(open.map((event) => event.type)).toEqual(['note']);
  });
});

describe('the result of a run', () => {
  const done = [entered(1, 'c1', 'out'), settled(5, 'c1')];
  const failed = [entered(10, 'c2', 'stop'), { ...settled(20, 'c2', 'failed', 'no answer'), lastLogEntry: 'MemoryError' }] as const;

  it('says of each service what became of it, why, and how long its steps took', () => {
    expect(resultOf(after(PLAN, ...done, ...failed, finished(65_500, 'halted', 'c2: no answer')))).toEqual({
      operation: ID,
      action: 'start',
      outcome: 'halted',
      exit: 1,
      seconds: 65.5,
      why: 'c2: no answer',
      services: [
        { name: 'c1', result: 'done', why: null, lastLogEntry: null, stepsMs: { out: 4 } },
        { name: 'c2', result: 'failed', why: 'no answer', lastLogEntry: 'MemoryError', stepsMs: { stop: 10 } },
      ],
    });
  });

  it.each<[string, readonly JournalEvent[], Exclude<OutcomeKind, 'refused'>, number]>([
    ['0 if everything was done', done, 'completed', 0],
    ['3 if it ran to the end and some failed', [...done, ...failed], 'completed', 3],
    ['1 if it halted', [...done, ...failed], 'halted', 1],
    ['1 if it halted before anybody failed', done, 'halted', 1],
    ['130 if it was interrupted', done, 'interrupted', 130],
    ['130 if it was interrupted and one failed, too', [...done, ...failed], 'interrupted', 130],
    ['130 if it was aborted', done, 'aborted', 130],
  ])('exits with %s', (_, events, outcome, exit) => {
    expect(resultOf(after(PLAN, ...events, finished(30, outcome)))).toMatchObject({ outcome, exit });
  });

  it('leaves those untouched that were never begun or were put back', () => {
    const back = [entered(1, 'c1', 'back'), settled(2, 'c1', 'untouched')];
    expect(resultOf(after(PLAN, ...back, finished(3, 'aborted'))).services.map(({ result }) => result)).toEqual(['untouched', 'untouched']);
  });
});

describe('an operation in the list of all', () => {
  it('is running until it has ended, and says who asked for it', () => {
    expect(summaryOf(after(PLAN, entered(1, 'c1', 'out')))).toEqual({
      id: ID,
      action: 'start',
      state: 'running',
      started: 0,
      ended: null,
      by: 'alice@web1',
      done: [],
      failed: [],
      untouched: ['c1', 'c2'],
    });
  });

  it.each(OUTCOMES.filter((outcome) => outcome !== 'refused'))(
    'that has ended is %s, since then, with who is done and who failed',
    (outcome) => {
      const progress = after(PLAN, settled(1, 'c1'), settled(2, 'c2', 'failed'), finished(9, outcome));
      expect(summaryOf(progress)).toMatchObject({ state: outcome, ended: 9, done: ['c1'], failed: ['c2'], untouched: [] });
    },
  );
});
