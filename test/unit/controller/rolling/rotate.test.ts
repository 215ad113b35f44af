import { describe, expect, it } from 'vitest';
import { decideRotation } from '../../../../controller/rolling/decide-run.js';
import type { JournalEvent } from '../../../../controller/rolling/events.js';
import { createExecutor } from '../../../../controller/rolling/executor.js';
import type { RollPorts } from '../../../../controller/rolling/roll-ports.js';
import { planSteps } from '../../../../controller/rolling/plan.js';
import { replay } from '../../../../controller/rolling/progress.js';
import { resultOf, summaryOf, tellJournal } from '../../../../controller/rolling/report.js';
import { AppError } from '../../../../shared/errors.js';
import { after, aPlan, attached, ID, started } from './fixtures.js';

const ROTATE = [
  { service: 'c1', details: ['/srv/1/event.log by collapse', '/srv/1/Z2.log by collapse'] },
  { service: 'zeo', details: [] },
];
const rotating = (at: number, service: string): JournalEvent => ({ type: 'rotating', at, service });
const rotated = (at: number, service: string, error: string | null = null, notes: string[] = []): JournalEvent => ({
  ...{ type: 'rotated', at, service, error, notes },
});
const ONLY = aPlan([], { action: 'rotate', rotate: ROTATE });

describe('the rotation of an operation', () => {
  it('stands before everything else in its plan, a line a log', () => {
    const steps = planSteps(aPlan([['c1']], { rotate: ROTATE, takeOut: ['c9'] }));
    expect(steps.slice(0, 4).map(({ step, service, detail }) => [step, service, detail])).toEqual([
      ['rotate', 'c1', '/srv/1/event.log by collapse'],
      ['rotate', 'c1', '/srv/1/Z2.log by collapse'],
      ['rotate', 'zeo', null],
      ['out', 'c9', 'it is dead'],
    ]);
  });

  it('is done once for each service, and then it is the turn of the roll', () => {
    const plan = aPlan([['c1']], { rotate: ROTATE });
    expect(decideRotation(after(plan))).toEqual({ do: 'rotate', services: ['c1', 'zeo'] });
    expect(decideRotation(after(plan, rotating(1, 'c1'), rotated(2, 'c1'), rotating(1, 'zeo')))).toEqual({
      do: 'rotate',
      services: ['zeo'],
    });
    expect(decideRotation(after(plan, rotated(2, 'c1', 'disk full'), rotated(2, 'zeo')))).toBeNull();
    expect(decideRotation(after(aPlan([['c1']])))).toBeNull();
  });

  it('is all that there is to an operation of its own', () => {
    expect(decideRotation(after(ONLY, rotated(2, 'c1'), rotated(2, 'zeo')))).toEqual({ do: 'finish', outcome: 'completed', why: null });
  });

  it('is told step by step, and failed logs make its exit 3', () => {
    const journal: JournalEvent[] = [
      started(ONLY),
      attached(0),
      ...[rotating(10, 'c1'), rotating(10, 'zeo'), rotated(40, 'c1', null, ['event.log: 5 MB']), rotated(60, 'zeo', 'disk full')],
      { type: 'finished', at: 70, outcome: 'completed', why: null },
    ];
    const told = tellJournal(journal).flatMap((event) =>
      event.type === 'step' ? [`${event.service} ${event.step} ${event.state} ${event.ms ?? '-'} ${event.detail ?? '-'}`] : [],
    );
    expect(told).toEqual(['c1 rotate begin - -', 'zeo rotate begin - -', 'c1 rotate end 30 event.log: 5 MB', 'zeo fail begin - disk full']);
    const progress = replay(journal);
    expect(resultOf(progress)).toMatchObject({
      ...{ action: 'rotate', outcome: 'completed', exit: 3 },
      services: [
        { name: 'c1', result: 'done', why: null, stepsMs: { rotate: 30 } },
        { name: 'zeo', result: 'failed', why: 'disk full', stepsMs: { rotate: 50 } },
      ],
    });
    expect(summaryOf(progress)).toMatchObject({ done: ['c1'], failed: ['zeo'], untouched: [] });
  });

  it('keeps nobody from the roll that comes after it, but shows in its exit', () => {
    const journal: JournalEvent[] = [
      ...[started(aPlan([['c1']], { rotate: ROTATE })), attached(0)],
      ...[rotated(40, 'c1', 'disk full'), rotated(60, 'zeo')],
      { type: 'finished', at: 70, outcome: 'completed', why: null },
    ];
    expect(tellJournal(journal)).toContainEqual(expect.objectContaining({ type: 'note', message: 'its logs were not rotated: disk full' }));
    expect(resultOf(replay(journal))).toMatchObject({ outcome: 'completed', exit: 3 });
  });
});

/** A controller that dies at its `dieAt`-th call of the world. */
function life(journal: JournalEvent[], asked: string[], dieAt: number, fails: readonly string[] = []): RollPorts {
  let calls = 0;
  const call = () => {
    if (++calls >= dieAt && dieAt > 0) throw new Error('the controller died');
  };
  const never = (): never => {
    throw new Error('a rotation looks at no client');
  };
  return {
    now: () => journal.length,
    sleep: () => Promise.resolve(),
    async append(event) {
      call();
      journal.push(event);
    },
    observeClients: never,
    purge: never,
    observeMember: never,
    perform: never,
    takeOut: never,
    async rotate(service, id) {
      call();
      asked.push(`${service} ${id}`);
      if (fails.includes(service)) throw new AppError('failed', `the agent of ${service} says no`);
      return { notes: [], error: null };
    },
    hook: never,
    lastLogEntry: never,
    waiting: never,
  };
}

describe('the executor of a rotation', () => {
  const signal = new AbortController().signal;

  it('asks for all services, and takes a failure of one for its result', async () => {
    const journal = [started(ONLY), attached(0)];
    const asked: string[] = [];
    const end = await createExecutor(journal, life(journal, asked, 0, ['zeo'])).run(signal);
    expect(asked).toEqual([`c1 ${ID}/c1/rotate`, `zeo ${ID}/zeo/rotate`]);
    expect(end.finished?.outcome).toBe('completed');
    expect(end.rotations.get('zeo')?.error).toBe('the agent of zeo says no');
  });

  it('goes on after a crash at any call, by the same ids, and asks for nothing twice that it knows to be done', async () => {
    for (let dieAt = 1; dieAt < 12; dieAt++) {
      const journal = [started(ONLY), attached(0)];
      const asked: string[] = [];
      const first = await createExecutor([...journal], life(journal, asked, dieAt))
        .run(signal)
        .catch(() => null);
      const known = journal.flatMap((event) => (event.type === 'rotated' ? [event.service] : []));
      const before = asked.length;
      const end = first ?? (await createExecutor([...journal, attached(50, 'restarted')], life(journal, asked, 0)).run(signal));
      expect(end.finished?.outcome).toBe('completed');
      expect(new Set(asked)).toEqual(new Set([`c1 ${ID}/c1/rotate`, `zeo ${ID}/zeo/rotate`]));
      expect(asked.slice(before).filter((one) => known.some((service) => one.startsWith(service)))).toEqual([]);
    }
  });
});
