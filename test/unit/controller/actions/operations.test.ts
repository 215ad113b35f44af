import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type JournalStore, openJournalStore } from '../../../../controller/rolling/journal.js';
import { AppError } from '../../../../shared/errors.js';
import type { AgentApi } from '../../../../shared/model/agent-api.js';
import type { RunRequest } from '../../../../shared/model/control-api.js';
import { processId } from '../../../../shared/model/process.js';
import { never } from '../checks/fixtures.js';
import { aReport } from './reports.js';
import { type Given, all, errorOf, operateOn, outcome, request, state } from './operate.js';

let folder: string;
let store: JournalStore;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ctl-operations-'));
  store = await openJournalStore(folder);
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const operate = (given: Partial<Given> = {}) => operateOn({ journals: store, ...given });

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
