import { describe, expect, it } from 'vitest';
import { decidePurge, decidePurgeAlone } from '../../../../controller/rolling/decide-purge.js';
import { decideRun } from '../../../../controller/rolling/decide-run.js';
import type { JournalEvent } from '../../../../controller/rolling/events.js';
import { createExecutor } from '../../../../controller/rolling/executor.js';
import type { RollPorts } from '../../../../controller/rolling/roll-ports.js';
import { planSteps } from '../../../../controller/rolling/plan.js';
import { replay } from '../../../../controller/rolling/progress.js';
import { resultOf, tellJournal } from '../../../../controller/rolling/report.js';
import { AppError } from '../../../../shared/errors.js';
import { after, aPlan, attached, started } from './fixtures.js';

const PURGE = [
  { service: 'squid', pages: [], details: ['stop, start'], awayS: 34 },
  { service: 'varnish', pages: [], details: ['everything is banned'], awayS: null },
];
const purged = (at: number, service: string, error: string | null = null, notes: string[] = []): JournalEvent => ({
  ...{ type: 'purged', at, service, error, notes },
});
const purging = (at: number, service: string): JournalEvent => ({ type: 'purging', at, service });
const done = (member: string): JournalEvent => ({ type: 'settled', at: 1, member, result: 'done' });
const ONLY = aPlan([], { action: 'purge', purge: PURGE });

describe('the purge of an operation', () => {
  it('stands after everything else in its plan', () => {
    const steps = planSteps(aPlan([['c1']], { purge: PURGE }));
    expect(steps.slice(-3).map(({ step, service, detail, batch }) => [step, service, detail, batch])).toEqual([
      ['in', 'c1', null, 1],
      ['purge', 'squid', 'stop, start', 2],
      ['purge', 'varnish', 'everything is banned', 2],
    ]);
  });

  it('begins when the last client is in, one cache after the other', () => {
    const plan = aPlan([['c1']], { purge: PURGE });
    const run = (...events: JournalEvent[]) => decideRun(after(plan, ...events), new Map(), { now: 5, driven: new Set() });
    expect(run().do).not.toBe('purge');
    expect(run(done('c1'))).toEqual({ do: 'purge', purge: PURGE[0] });
    expect(run(done('c1'), purging(2, 'squid'))).toEqual({ do: 'purge', purge: PURGE[0] });
    expect(run(done('c1'), purging(2, 'squid'), purged(3, 'squid'))).toEqual({ do: 'purge', purge: PURGE[1] });
    expect(run(done('c1'), purged(3, 'squid', 'no'), purged(4, 'varnish'))).toMatchObject({ do: 'finish', outcome: 'completed' });
  });

  it('is all that there is to an operation of its own, for which nobody looks at a client', () => {
    expect(decidePurgeAlone(after(aPlan([['c1']], { purge: PURGE })))).toBeNull();
    expect(decidePurgeAlone(after(ONLY))).toEqual(decidePurge(after(ONLY)));
    expect(decidePurgeAlone(after(ONLY, purged(3, 'squid'), purged(4, 'varnish')))).toMatchObject({ do: 'finish', outcome: 'completed' });
  });

  it('is told with every answer of the cache; what was not purged makes the exit 3', () => {
    const journal: JournalEvent[] = [
      ...[started(ONLY), attached(0), purging(10, 'squid'), purged(4010, 'squid', null, ['/news on www: 200 removed'])],
      ...[purging(4020, 'varnish'), purged(4030, 'varnish', 'Varnish does not take this secret')],
      { type: 'finished', at: 4040, outcome: 'completed', why: null },
    ];
    const told = tellJournal(journal).flatMap((event) =>
      event.type === 'step'
        ? [`${event.service} ${event.step} ${event.state} ${event.ms ?? '-'} ${event.detail ?? '-'}`]
        : event.type === 'note'
          ? [`${event.service ?? ''}: ${event.message}`]
          : [],
    );
    expect(told).toEqual([
      'squid purge begin - -',
      'squid: /news on www: 200 removed',
      'squid purge end 4000 /news on www: 200 removed',
      'varnish purge begin - -',
      'varnish fail begin - Varnish does not take this secret',
    ]);
    expect(resultOf(replay(journal))).toMatchObject({
      ...{ action: 'purge', outcome: 'completed', exit: 3 },
      services: [
        { name: 'squid', result: 'done', stepsMs: { purge: 4000 } },
        { name: 'varnish', result: 'failed', why: 'Varnish does not take this secret' },
      ],
    });
  });

  it('is asked for by the same id until it is noted, wherever the controller dies', async () => {
    const all = (dieAt: number): { journal: JournalEvent[]; asked: string[]; lives: number } => ({
      ...{ journal: [started(ONLY), attached(0)], asked: [], lives: dieAt },
    });
    for (let dieAt = 1; dieAt <= 8; dieAt++) {
      const site = all(dieAt);
      for (let life = 0; life < 3; life++) {
        const ports = mortal(site, life === 0 ? dieAt : 0);
        await createExecutor(site.journal, ports)
          .run(new AbortController().signal)
          .catch(() => undefined);
      }
      expect(resultOf(replay(site.journal)), `died at ${dieAt}`).toMatchObject({ outcome: 'completed', exit: 0 });
      expect([...new Set(site.asked)], `died at ${dieAt}`).toEqual(
        ['op-1/squid/purge', 'op-1/varnish/purge'].map((id) => id.replace('op-1', ONLY.id)),
      );
    }
  });
});

/** A controller that dies at its `dieAt`-th call of the world; 0: never. */
function mortal({ journal, asked }: { journal: JournalEvent[]; asked: string[] }, dieAt: number): RollPorts {
  let calls = 0;
  const call = () => {
    if (++calls >= dieAt && dieAt > 0) throw new Error('the controller died');
  };
  const never = (): never => {
    throw new AppError('internal', 'a purge looks at no client');
  };
  return {
    now: () => journal.length,
    sleep: () => Promise.resolve(),
    async append(event) {
      call();
      journal.push(event);
    },
    ...{ observeClients: never, observeMember: never, perform: never, takeOut: never, rotate: never, hook: never },
    async purge(_, id) {
      asked.push(id);
      call();
      return { notes: [], error: null };
    },
    lastLogEntry: async () => null,
    waiting: () => undefined,
  };
}
