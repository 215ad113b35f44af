import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Incident } from '../../../shared/model/incident.js';
import { AppError } from '../../../shared/errors.js';
import type { ControlApi, RunRequest } from '../../../shared/model/control-api.js';
import type { MemoryReport } from '../../../shared/model/memory-report.js';
import type { OperationEvent } from '../../../shared/model/operation.js';
import { processId } from '../../../shared/model/process.js';
import { createFakeControl, type FakeControl, type FakeControlScript } from '../../support/fake-control.js';
import { FAKE_OPERATION } from '../../support/fake-roll.js';
import { FAKE_NOW, wellClient } from '../../support/well-cluster.js';

export interface ControlHarness {
  readonly api: ControlApi;
  close(): Promise<void>;
}

const request: RunRequest = {
  action: 'restart',
  selectors: [],
  by: 'jane@desk',
  force: false,
  oldForm: true,
  maxFail: null,
  batch: '50%',
  deadlineS: 600,
};

/** What every ControlApi does, whatever lies between its caller and the controller. */
export function controlApiContract(way: string, open: (control: FakeControl) => Promise<ControlHarness>): void {
  describe(`ControlApi ${way}`, () => {
    let harnesses: ControlHarness[] = [];
    let signal: AbortSignal;
    const over = async (script: FakeControlScript = {}) => {
      const control = createFakeControl(script);
      const harness = await open(control);
      harnesses.push(harness);
      return { control, api: harness.api };
    };
    beforeEach(() => {
      signal = AbortSignal.timeout(20_000);
    });
    afterEach(async () => {
      for (const harness of harnesses) await harness.close();
      harnesses = [];
    });

    it('answers check, status and plan as the controller does', async () => {
      const { api, control } = await over();
      const same = createFakeControl();
      expect(await api.check({ selectors: ['pool:1'], path: '/news' }, signal)).toEqual(
        await same.check({ selectors: [], path: null }, signal),
      );
      expect(await api.status({ selectors: [] }, signal)).toEqual(await same.status({ selectors: [] }, signal));
      expect(await api.plan(request, signal)).toEqual(await same.plan(request, signal));
      expect(control.calls).toEqual(['check pool:1 /news', 'status', 'plan restart']);
    });

    it('answers what processes take, and how long pages took', async () => {
      const child = { process: processId(43, 778), parent: 42, command: 'python3', rss: { ok: true, kb: 9 }, pss: null } as const;
      const memory: MemoryReport = {
        ...{ at: FAKE_NOW, exit: 5, warnings: ['no history'] },
        services: [
          { report: wellClient('a'), pss: { ok: true, kb: 7 }, tree: { ok: true, children: [child] } },
          { report: wellClient('b'), pss: { ok: false, why: 'not as this user' }, tree: { ok: false, why: 'no /proc' } },
          { report: wellClient('c'), pss: null, tree: null },
        ],
      };
      const figures = { count: 3, p50: 0.25, p95: 0.5, max: 1.5 };
      const rows = [{ service: 'a', host: 'web1', url: '/', now: figures, before: null }];
      const perf = {
        from: FAKE_NOW - 5,
        to: FAKE_NOW,
        rows: [...rows, ...rows.map((row) => ({ ...row, now: null, before: figures }))],
        warnings: ['a strange line'],
      };
      const { api, control } = await over({ memory, perf });
      expect(await api.memory({ selectors: ['pool:1'], tree: true, pss: false }, signal)).toEqual(memory);
      expect(await api.perf({ selectors: ['a'] }, signal)).toEqual(perf);
      expect(control.calls).toEqual(['memory pool:1 tree', 'perf a']);
    });

    it('answers what waits to be mailed, and how a mail went', async () => {
      const waiting = {
        id: 'a.opened.1',
        subject: 'a critical',
        to: ['ops@example.org'],
        at: FAKE_NOW,
        attempts: 2,
        lastError: '451 not now',
      };
      const givenUp = { ...waiting, id: 'b.opened.1', attempts: 0, lastError: null };
      const mails = {
        server: 'mail:25',
        to: ['ops@example.org'],
        waiting: [waiting],
        givenUp: [givenUp],
        blocked: 'no',
        nextTry: FAKE_NOW,
      };
      const mailTest = {
        ...{ server: 'mail:25', outcome: 'refused' as const, accepted: ['a@example.org'], answers: ['220 hi', '250-a\n250 b'], ms: 12.5 },
        refused: [{ to: 'b@example.org', why: '550 no' }],
      };
      const { api } = await over({ mails, mailTest });
      expect(await api.mails(signal)).toEqual(mails);
      expect(await api.testMail(signal)).toEqual(mailTest);
      const none = { server: null, to: [], waiting: [], givenUp: [], blocked: null, nextTry: null };
      const { api: without } = await over({ mails: none });
      expect(await without.mails(signal)).toEqual(none);
      await expect(without.testMail(signal)).rejects.toMatchObject({
        code: 'config',
        message: 'no mail is configured',
        hint: 'set toaddrs',
      });
    });

    it('answers how the file differs from what the controller goes by', async () => {
      const changes = [
        { section: 'DEFAULT', key: 'timeout', before: '10', after: '20', line: 3 },
        { section: 'c9', key: 'port', before: null, after: '8089', line: 90 },
        { section: 'c8', key: 'port', before: '8088', after: null, line: null },
      ];
      const diff = { file: '/etc/ctl/cluster.ini', loadedAt: FAKE_NOW, changes, refusals: ['cluster.ini:9: no'] };
      const { api } = await over({ diff });
      expect(await api.diffConfig(signal)).toEqual(diff);
    });

    it('streams an operation from its start to its result, and hands the request over whole', async () => {
      const { api, control } = await over({ failing: 'zeoclient1.2' });
      const events = await all(api.run(request, signal));
      expect(events).toEqual(await all(createFakeControl({ failing: 'zeoclient1.2' }).run(request, signal)));
      expect(events.at(-1)).toMatchObject({ type: 'result', result: { outcome: 'halted', exit: 1 } });
      expect(control.requests).toEqual([request]);
    });

    it('lists operations, and follows and resumes one', async () => {
      const summary = {
        id: FAKE_OPERATION,
        action: 'start',
        state: 'running',
        started: FAKE_NOW,
        ended: null,
        by: 'a@b',
        done: ['x'],
        failed: [],
        untouched: ['y'],
      } as const;
      const { api, control } = await over({ operations: [summary, { ...summary, state: 'aborted', ended: FAKE_NOW + 1 }] });
      expect(await api.operations(signal)).toEqual([summary, { ...summary, state: 'aborted', ended: FAKE_NOW + 1 }]);
      expect((await all(api.events(FAKE_OPERATION, { follow: true }, signal))).at(-1)?.type).toBe('result');
      expect((await all(api.resume(FAKE_OPERATION, 'bob@desk', signal))).at(-1)?.type).toBe('result');
      expect(control.calls).toEqual(['operations', `events ${FAKE_OPERATION} follow`, `resume ${FAKE_OPERATION}`]);
      expect(control.askers).toEqual(['bob@desk']);
    });

    it('halts an operation, whose stream ends with its result', async () => {
      const { api, control } = await over({ stuckOn: 'zeoclient1.1' });
      const events = all(api.run(request, signal));
      await control.stuck;
      await api.halt(FAKE_OPERATION, 'interrupted', 'bob@desk', signal);
      expect((await events).at(-1)).toMatchObject({ type: 'result', result: { outcome: 'interrupted', exit: 130 } });
      expect(control.askers).toEqual(['bob@desk']);
    });

    it('answers what the balancers say, and hands an order for them over whole', async () => {
      const { api, control } = await over();
      const well = await createFakeControl().balancers(signal);
      const order = { wanted: 'out', selectors: ['zeoclient1.1'], by: 'jane@desk', force: true, forS: 7200, reason: 'Käse' } as const;
      const plain = { ...order, wanted: 'in', force: false, forS: null, reason: null } as const;
      expect(await api.balancers(signal)).toEqual(well);
      expect(await api.setBackends(order, signal)).toEqual(well);
      expect(await api.setBackends(plain, signal)).toEqual(well);
      expect(control.orders).toEqual([order, plain]);
    });

    it('answers what happened, of the services and since the time that were asked for', async () => {
      const lasting: Incident = {
        ...{ id: '20261116-120000-1', service: 'zeoclient1.1', host: 'web1', event: 4, kind: 'log', message: 'a critical entry' },
        ...{ expected: 'none', got: 'ERROR it broke', logEntry: 'ERROR it broke', first: FAKE_NOW, last: FAKE_NOW + 5, count: 3 },
        ...{ ended: null, action: 'restarted' },
      };
      const nothing = { expected: null, got: null, logEntry: null, action: null };
      const over1: Incident = { ...lasting, ...nothing, service: null, host: null, event: null, kind: 'roll', ended: FAKE_NOW + 9 };
      const { api, control } = await over({ incidents: [over1, lasting] });
      const asked = { selectors: ['pool:1'], open: true, since: FAKE_NOW };
      expect(await api.incidents(asked, signal)).toEqual({ incidents: [over1, lasting] });
      expect(control.calls).toEqual([`incidents pool:1 open=true since=${FAKE_NOW}`]);
    });

    it('rejects with code, message and hint of the controller, of a call and of a stream', async () => {
      const refuse = new AppError('conflict', 'op-7 of jane@desk holds the lock', { hint: '`ctl lock` says since when' });
      const { api } = await over({ refuse });
      const same = { code: refuse.code, message: refuse.message, hint: refuse.hint };
      await expect(api.plan(request, signal)).rejects.toMatchObject(same);
      await expect(all(api.run(request, signal))).rejects.toMatchObject(same);
      await expect(all(api.events('op-9', { follow: false }, signal))).rejects.toMatchObject({
        code: 'not-found',
        message: 'no operation op-9',
      });
    });

    it('gives the events that came before a stream breaks', async () => {
      const { api } = await over({ loseLinkAfter: 3 });
      const seen: OperationEvent[] = [];
      const reading = (async () => {
        for await (const event of api.run(request, signal)) seen.push(event);
      })();
      await expect(reading).rejects.toMatchObject({ code: 'unreachable' });
      expect(seen).toHaveLength(3);
    });

    it('ends a call and a stream with the reason of their signal', async () => {
      const { api, control } = await over({ deaf: true, stuckOn: 'zeoclient1.1' });
      const abort = new AbortController();
      const check = api.check({ selectors: [], path: null }, abort.signal);
      const events = all(api.run(request, abort.signal));
      const outcome = Promise.allSettled([check, events]);
      await control.stuck;
      abort.abort(new AppError('cancelled', 'Ctrl-C'));
      expect(await outcome).toMatchObject([
        { reason: { code: 'cancelled', message: 'Ctrl-C' } },
        { reason: { code: 'cancelled', message: 'Ctrl-C' } },
      ]);
    });

    it('lets go of a stream early, and the controller is there for the next call', async () => {
      const { api } = await over();
      for await (const event of api.run(request, signal)) {
        expect(event.type).toBe('started');
        break;
      }
      expect(await api.status({ selectors: [] }, signal)).toMatchObject({ exit: 0 });
    });
  });
}

async function all(events: AsyncIterable<OperationEvent>): Promise<OperationEvent[]> {
  const seen: OperationEvent[] = [];
  for await (const event of events) seen.push(event);
  return seen;
}
