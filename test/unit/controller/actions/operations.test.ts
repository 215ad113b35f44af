import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createOperations, type Operations } from '../../../../controller/actions/operations.js';
import type { JournalEvent } from '../../../../controller/rolling/events.js';
import { type JournalStore, openJournalStore } from '../../../../controller/rolling/journal.js';
import type { Lease } from '../../../../controller/rolling/lock.js';
import type { RollWorld } from '../../../../controller/rolling/observe.js';
import { AppError } from '../../../../shared/errors.js';
import { createLogger } from '../../../../shared/log.js';
import type { AgentApi } from '../../../../shared/model/agent-api.js';
import type { RunRequest } from '../../../../shared/model/control-api.js';
import type { OperationEvent, OperationResult } from '../../../../shared/model/operation.js';
import { type ProcessId, processId } from '../../../../shared/model/process.js';
import { aCluster, aFleet, aService, fakeClock, never } from '../checks/fixtures.js';
import { aLease, aPlan, attached, entered, halting, settled, started } from '../rolling/fixtures.js';
import { aReport } from './reports.js';

let folder: string;
let store: JournalStore;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ctl-operations-'));
  store = await openJournalStore(folder);
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const request: RunRequest = {
  ...{ action: 'start', selectors: ['squid'], by: 'alice@web1', force: false, oldForm: false, maxFail: null, batch: null, deadlineS: null },
};

interface Given {
  readonly agent?: Partial<AgentApi>;
  readonly journals?: JournalStore;
  readonly release?: Lease['release'];
  readonly lease?: Partial<Lease>;
  readonly ended?: (result: OperationResult) => Promise<void>;
  readonly resumesByItself?: boolean;
}

/** Operations on a cluster of one proxy, which restarts in no time. */
function operate({ agent, journals = store, release = async () => undefined, resumesByItself = true, lease = {}, ended }: Given = {}) {
  const squid = aService({ name: 'squid', type: 'Squid', serviceName: 'squid' });
  let process: ProcessId | null = processId(1, 1);
  const state = async () =>
    process === null ? ({ state: 'down', why: 'gone', failed: false } as const) : ({ state: 'running', process, startedAt: 0 } as const);
  const usual: Partial<AgentApi> = {
    ping: async () => ({ name: 'web1', version: '1', at: 0 }),
    process: state,
    async start() {
      process ??= processId(2, 2);
      return await state();
    },
    async stop() {
      process = null;
      return { how: 'stopped', ms: 1 };
    },
    log: async () => ({ ok: false, why: 'no log' }),
  };
  const world: RollWorld = {
    config: () => aCluster([squid], { frontends: [squid] }),
    fleet: aFleet({ web1: { ...usual, ...agent } }),
    checks: {
      answers: async () => ({ ok: true, ms: 1 }),
      health: async () => ({ ok: true, status: 200, ms: 1, bytes: 1 }),
      warm: async () => [],
      report: async () => [],
    },
    clock: fakeClock(Date.UTC(2026, 0, 1)),
    held: () => new Map(),
    balancers: async () => new Map(),
  };
  const lines: { level: string; msg: string }[] = [];
  const log = createLogger({ name: 'test', level: 'info', write: (line) => lines.push(JSON.parse(line) as (typeof lines)[number]) });
  const locks: string[] = [];
  const lock = async (what: string, by: string): Promise<Lease> => {
    locks.push(`${what} by ${by}`);
    return aLease({ release, ...lease });
  };
  return {
    operations: createOperations({ world, journals, lock, log, resumesByItself, ...(ended === undefined ? {} : { ended }) }),
    lines,
    locks,
  };
}

async function all(events: AsyncIterable<OperationEvent>): Promise<OperationEvent[]> {
  const seen: OperationEvent[] = [];
  for await (const event of events) seen.push(event);
  return seen;
}
const outcome = async (events: AsyncIterable<OperationEvent>) => {
  const last = (await all(events)).at(-1);
  return last?.type === 'result' ? last.result.outcome : last?.type;
};
async function errorOf(work: Promise<unknown>): Promise<Pick<AppError, 'code' | 'message' | 'hint'>> {
  const error: unknown = await work.catch((e: unknown) => e);
  if (!(error instanceof AppError)) throw new Error(`no AppError: ${String(error)}`);
  return { code: error.code, message: error.message, hint: error.hint };
}
const state = async (operations: Operations) => (await operations.operations(never)).map((one) => `${one.id} ${one.state}`);

/** An operation that its controller did not finish. */
async function leave(id: string, ...events: readonly JournalEvent[]): Promise<void> {
  const journal = await store.open(id);
  await journal.append(started({ ...aPlan([], { id, roots: ['squid'] }) }));
  await journal.append(attached(1));
  for (const event of events) await journal.append(event);
  await journal.close();
}
const OLD_ID = '20250101-000000-0001';
const NEWER_ID = '20250102-000000-0001';

describe('an operation', () => {
  it('holds the lock in its name from its first look to its end', async () => {
    let released = 0;
    const { operations, locks } = operate({
      release: async () => {
        released++;
      },
    });
    const events = await all(operations.run(request, never));
    const [first] = events;
    expect(locks).toEqual([`operation ${first?.type === 'started' ? first.operation : ''} by alice@web1`]);
    expect(released).toBe(1);
    expect(events.at(-1)).toMatchObject({ type: 'result', result: { outcome: 'completed', exit: 0 } });
  });

  it('that may not begin gives the lock back, and leaves no journal', async () => {
    let released = 0;
    const { operations } = operate({
      agent: { ping: () => Promise.reject(new AppError('unreachable', 'the agent of web1 is away')) },
      release: async () => {
        released++;
      },
    });
    expect(await errorOf(all(operations.run(request, never)))).toMatchObject({ code: 'unreachable' });
    expect(released).toBe(1);
    expect(await operations.operations(never)).toEqual([]);
  });

  it('that names nobody asks for no lock', async () => {
    const { operations, locks } = operate();
    expect(await errorOf(all(operations.run({ ...request, selectors: ['skwid'] }, never)))).toMatchObject({ code: 'usage' });
    expect(locks).toEqual([]);
    expect(await operations.operations(never)).toEqual([]);
  });

  it('is over although its lock cannot be given back; the log says so', async () => {
    const { operations, lines } = operate({ release: () => Promise.reject(new Error('EIO')) });
    expect(await outcome(operations.run(request, never))).toBe('completed');
    expect(lines).toContainEqual(expect.objectContaining({ level: 'error', msg: 'the lock could not be given back' }));
    expect(await outcome(operations.run(request, never))).toBe('completed');
  });

  it('whose journal cannot be written stops where it is, and its followers hear why', async () => {
    let left = 4;
    const journals: JournalStore = {
      ...store,
      async open(id) {
        const journal = await store.open(id);
        return {
          ...journal,
          append: (event) =>
            left-- > 0 ? journal.append(event) : Promise.reject(new AppError('failed', 'cannot write the journal: ENOSPC')),
        };
      },
    };
    const { operations } = operate({ journals });
    const error = await errorOf(all(operations.run(request, never)));
    const [[id] = []] = (await state(operations)).map((text) => text.split(' '));
    expect(error).toEqual({
      code: 'failed',
      message: `operation ${id} could not go on: cannot write the journal: ENOSPC`,
      hint: `it is not finished: ctl operations resume ${id}, or ctl operations abort ${id}`,
    });
    left = Infinity;
    expect(await outcome(operations.resume(id ?? '', 'bob@desk', never))).toBe('completed');
  });

  it('does nothing more once it has lost its lock, and stays unfinished', async () => {
    const lost = new AbortController();
    let looks = 0;
    const lease = {
      lost: lost.signal,
      async confirm() {
        // The second look comes before the start, after the stop.
        if (++looks < 2) return;
        lost.abort(new AppError('conflict', 'the lock is not ours any more'));
        throw new AppError('conflict', 'the lock is not ours any more');
      },
    };
    const done: string[] = [];
    const agent: Partial<AgentApi> = {
      start: async () => {
        done.push('start');
        return { state: 'running', process: processId(2, 2), startedAt: 0 };
      },
    };
    const { operations } = operate({ lease, agent });
    expect((await errorOf(all(operations.run(request, never)))).message).toMatch(/could not go on: the lock is not ours any more$/);
    expect(done).toEqual([]);
    expect((await state(operations))[0]).toMatch(/ interrupted$/);
  });

  it('tells its end while it still holds the lock; what fails there ends nothing', async () => {
    const told: string[] = [];
    const { operations, lines } = operate({
      ended: async ({ action, outcome: end }) => {
        told.push(`${action} ${end}`);
        throw new Error('EIO');
      },
      release: async () => void told.push('released'),
    });
    expect(await outcome(operations.run(request, never))).toBe('completed');
    expect(told).toEqual(['restart completed', 'released'].map((one) => one.replace('restart', request.action)));
    expect(lines).toContainEqual(expect.objectContaining({ level: 'error', msg: 'what was done could not be noted' }));
  });

  it('forgets old ones that are finished', async () => {
    await leave('20200101-000000-0001', entered(2, 'squid', 'start'));
    await leave('20200102-000000-0001', { type: 'finished', at: 3, outcome: 'completed', why: null });
    await leave('20200103-000000-0001', { type: 'finished', at: 3, outcome: 'interrupted', why: null });
    const { operations } = operate({ resumesByItself: false });
    await operations.recover();
    expect(await state(operations)).toEqual(['20200101-000000-0001 interrupted', '20200103-000000-0001 interrupted']);
  });

  it('forgets none by which one knows that a service is down on purpose', async () => {
    const stop = async (id: string, action: 'stop' | 'start') => {
      const journal = await store.open(id);
      await journal.append(started({ ...aPlan([], { id, action, roots: ['squid'] }) }));
      for (const event of [attached(1), entered(2, 'squid', 'stop'), settled(3, 'squid')]) await journal.append(event);
      await journal.append({ type: 'finished', at: 3, outcome: 'completed', why: null });
      await journal.close();
    };
    await stop('20200101-000000-0001', 'stop');
    await stop('20200102-000000-0001', 'start');
    await stop('20200103-000000-0001', 'stop');
    const { operations } = operate({ resumesByItself: false });
    await operations.recover();
    expect(await state(operations)).toEqual(['20200103-000000-0001 completed']);
    expect(await operations.stopped()).toEqual(new Set(['squid']));
  });

  it('waits for nobody who could let it go on', async () => {
    const { operations } = operate({ resumesByItself: false });
    expect(await errorOf(all(operations.run({ ...request, canary: 1 }, never)))).toMatchObject({
      code: 'usage',
      hint: 'add `--canary-wait SECONDS`, or run ctl-controller and set its `[controller] address`',
    });
    expect(await outcome(operations.run({ ...request, canary: 1, canaryWaitS: 1 }, never))).toBe('completed');
  });

  it('that repairs tells of every service, and exits by what it could not mend', async () => {
    const { operations } = operate();
    const repair: RunRequest = { ...request, action: 'repair', selectors: [] };
    expect(await operations.plan(repair, never)).toMatchObject({
      steps: [],
      decisions: [{ service: 'squid', state: 'unknown', action: 'none' }],
    });
    const last = (await all(operations.run(repair, never))).at(-1);
    expect(last).toMatchObject({
      type: 'result',
      result: {
        action: 'repair',
        outcome: 'completed',
        exit: 5,
        services: [{ name: 'squid', result: 'skipped', why: 'it was not looked at' }],
      },
    });
  });

  it('that repairs what the monitor judged starts what is down', async () => {
    const { operations } = operate();
    const report = aReport({
      ...{ name: 'squid', type: 'Squid', state: 'stopped', pool: null, balancer: 'none', http: null, tcp: { ok: false, why: 'refused' } },
      findings: [{ event: 1, kind: 'tcp', message: 'no TCP connection', expected: null, got: null }],
    });
    const repair: RunRequest = { ...request, action: 'repair', selectors: [] };
    const once = { reports: [report], confirmed: new Set<string>() };
    expect((await operations.plan(repair, never, once)).steps).toEqual([]);
    const last = (await all(operations.run(repair, never, { ...once, confirmed: new Set(['squid']) }))).at(-1);
    expect(last).toMatchObject({ type: 'result', result: { exit: 0, services: [{ name: 'squid', result: 'done' }] } });
  });

  it('that waits says so once it has lasted', async () => {
    let answers = 0;
    const { operations } = operate({
      agent: {
        start: () => Promise.reject(new AppError('unreachable', 'agent web1 is not connected')),
        process: async () =>
          answers++ < 200
            ? { state: 'unknown', why: `agent web1 is away for ${answers} s` }
            : { state: 'running', process: processId(9, 9), startedAt: 0 },
      },
    });
    const events = await all(operations.run(request, never));
    const told = events.flatMap((event) => (event.type === 'note' && event.message.startsWith('waiting: ') ? [event.service] : []));
    expect(told).toEqual(['squid']);
  });
});

describe('what an earlier controller left', () => {
  it('is taken up again, unless this one is embedded: then it is in the way, by its name', async () => {
    await leave(OLD_ID, entered(2, 'squid', 'start'));
    const { operations } = operate({ resumesByItself: false });
    await operations.recover();
    expect(await state(operations)).toEqual([`${OLD_ID} interrupted`]);
    expect(await errorOf(all(operations.run(request, never)))).toEqual({
      code: 'conflict',
      message: `operation ${OLD_ID} was interrupted and is not finished`,
      hint: `ctl operations resume ${OLD_ID}, or ctl operations abort ${OLD_ID}`,
    });

    const daemon = operate().operations;
    await daemon.recover();
    expect(await outcome(daemon.events(OLD_ID, { follow: true }, never))).toBe('completed');
  });

  it('is in the way although another one came after it', async () => {
    await leave(OLD_ID, halting(2, 'interrupted'), { type: 'finished', at: 3, outcome: 'interrupted', why: null });
    await leave(NEWER_ID, { type: 'finished', at: 3, outcome: 'completed', why: null });
    const { operations } = operate();
    await operations.recover();
    expect(await errorOf(all(operations.run(request, never)))).toMatchObject({
      code: 'conflict',
      message: `operation ${OLD_ID} was interrupted and is not finished`,
    });
  });

  it('and was asked to stop is ended as it was asked to, not finished', async () => {
    await leave(OLD_ID, halting(2, 'interrupted'));
    const { operations } = operate();
    await operations.recover();
    expect(await outcome(operations.events(OLD_ID, { follow: true }, never))).toBe('interrupted');
  });

  it('can be aborted without taking it up', async () => {
    await leave(OLD_ID);
    const { operations } = operate({ resumesByItself: false });
    await operations.halt(OLD_ID, 'aborted', 'bob@desk', never);
    expect(await state(operations)).toEqual([`${OLD_ID} aborted`]);
    expect(await outcome(operations.run(request, never))).toBe('completed');
  });
});

describe('a controller that is stopping', () => {
  it('begins nothing any more', async () => {
    const { operations, locks } = operate();
    await operations.stop();
    expect(await errorOf(all(operations.run(request, never)))).toEqual({
      code: 'unreachable',
      message: 'the controller is stopping',
      hint: undefined,
    });
    expect(locks).toEqual([]);
    expect(await operations.operations(never)).toEqual([]);
  });
});
