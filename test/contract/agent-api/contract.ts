import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { AppError } from '../../../shared/errors.js';
import type { AgentApi, CallOptions, EffectOptions, Observation } from '../../../shared/model/agent-api.js';
import { processId } from '../../../shared/model/process.js';
import type { LogPart, LogQuery } from '../../../shared/model/log-search.js';
import {
  aBalancer,
  anEntry,
  aProbeOf,
  aPurgeResult,
  aQuery,
  aRotationPlan,
  aRotationResult,
  aSummary,
  type FakeAgent,
  STARTED_AT,
} from './fake-agent.js';

/** An AgentApi, and the agent in memory that is behind it; zeoclient1.1 and pound are assigned. */
export interface Harness {
  readonly api: AgentApi;
  readonly agent: FakeAgent;
  close(): Promise<void>;
}

/** What every AgentApi does, whatever lies between its caller and the agent. */
export function agentApiContract(way: string, open: () => Promise<Harness>): void {
  describe(`AgentApi ${way}`, () => {
    let api: AgentApi;
    let agent: FakeAgent;
    let harness: Harness;
    let leaving = new AbortController();
    const signal = new AbortController().signal;
    const options: CallOptions = { signal, timeoutMs: 20_000 };
    const command = (commandId: string, more: Partial<CallOptions> = {}): EffectOptions => ({ ...options, ...more, commandId });

    beforeEach(async () => {
      harness = await open();
      leaving = new AbortController();
      ({ api, agent } = harness);
    });
    afterEach(async () => {
      agent.release();
      await harness.close();
    });

    it('tells who the agent is', async () => {
      expect(await api.ping(options)).toEqual({ name: 'web1', version: '1.2.3', at: STARTED_AT });
    });

    it('brings each answer as the agent gave it', async () => {
      expect(await api.process('zeoclient1.1', options)).toEqual({ state: 'running', process: processId(42, 777), startedAt: STARTED_AT });
      const process = processId(42, 777);
      const observation = {
        process: { state: 'running', process, startedAt: STARTED_AT },
        memory: { ok: true, process, rssKb: 626_688, uptimeS: 12.5 },
      };
      expect(await api.observe('zeoclient1.1', { log: false }, options)).toEqual({ ...observation, log: null });
      expect(await api.observe('zeoclient1.1', { log: true }, options)).toEqual({
        ...observation,
        log: { ok: true, since: null, findings: 0, entries: [], last: { time: null, level: null, text: 'Ready' } },
      });
      expect(await api.connections('zeoclient1.1', options)).toEqual({
        ok: true,
        connections: [{ peer: '127.0.0.1:5000', silentMs: null, pending: true }],
      });
      expect(await api.log('zeoclient1.1', options)).toMatchObject({
        ok: true,
        since: null,
        findings: 1,
        last: { level: null, text: 'Käse\n  at line 1' },
      });
      expect(await api.balancer('pound', options)).toEqual(aBalancer);
      expect(await api.start('zeoclient1.1', command('a'))).toEqual({ state: 'starting', why: 'zeoclient1.1 has been asked to start' });
      expect(await api.stop('zeoclient1.1', { replacing: processId(42, 777), deadlineMs: 3000 }, command('b'))).toEqual({
        how: 'killed',
        ms: 1234.5,
      });
      await api.setBackend('pound', { address: '127.0.0.1:8080', wanted: 'out' }, command('c'));
      expect(await api.rotation('zeoclient1.1', options)).toEqual(aRotationPlan);
      expect(await api.rotate('zeoclient1.1', command('d'))).toEqual(aRotationResult);
      const order = { pages: [{ host: 'www.example.org', path: '/a' }], stopDeadlineMs: 1, startDeadlineMs: 2 };
      expect(await api.purgePlan('zeoclient1.1', options)).toEqual({ details: ['stop, start'], awayS: 34.5 });
      expect(await api.purge('zeoclient1.1', order, command('e'))).toEqual(aPurgeResult);
      expect(agent.performed).toEqual([
        'start zeoclient1.1',
        'stop zeoclient1.1 42@777 3000',
        'setBackend pound 127.0.0.1:8080 out',
        'rotate zeoclient1.1',
        'purge zeoclient1.1 /a',
      ]);
    });

    it('measures several services at once, in their order', async () => {
      const child = { process: processId(43, 778), parent: 42, command: 'python3', rss: { ok: true, kb: 9 } };
      const well = { service: 'zeoclient1.1', ok: true, process: processId(42, 777), rssKb: 626_688, uptimeS: 12.5 };
      expect(await api.memories(['zeoclient1.1', 'pound'], { tree: true, pss: true }, options)).toEqual([
        { ...well, pss: { ok: false, why: 'not as this user' }, tree: { ok: true, children: [{ ...child, pss: { ok: true, kb: 7 } }] } },
        { service: 'pound', ok: false, why: 'exit code 1', down: true },
      ]);
      expect(await api.memories(['zeoclient1.1'], { tree: false, pss: false }, options)).toEqual([{ ...well, pss: null, tree: null }]);
    });

    it.each([{ kind: 'tcp' }, { kind: 'http', path: '/a?b', authorization: 'Basic x' }, { kind: 'zeo', connectTimeoutMs: 5 }] as const)(
      'looks at an address by $kind',
      async (how) => {
        const order = { ip: '127.0.0.1', port: 8080, timeoutMs: 1000, ...how };
        expect(await api.probe(order, options)).toEqual(aProbeOf(order));
      },
    );

    it('brings what could not be measured with its reason, never as zero', async () => {
      const observation: Observation = {
        process: { state: 'unknown', why: 'systemctl does not answer' },
        memory: { ok: false, why: 'no pid file' },
        log: { ok: false, why: 'permission denied' },
      };
      agent.answers.observe = async () => observation;
      agent.answers.connections = async () => ({ ok: false, why: 'no /proc here' });
      agent.answers.log = async () => ({ ok: false, why: 'permission denied' });
      agent.answers.process = async () => ({ state: 'unknown', why: 'systemctl does not answer' });
      expect(await api.observe('zeoclient1.1', { log: true }, options)).toEqual(observation);
      expect(await api.connections('zeoclient1.1', options)).toEqual({ ok: false, why: 'no /proc here' });
      expect(await api.log('zeoclient1.1', options)).toEqual({ ok: false, why: 'permission denied' });
      expect(await api.process('zeoclient1.1', options)).toEqual({ state: 'unknown', why: 'systemctl does not answer' });
    });

    it('rejects with code, message and hint of the agent', async () => {
      const error = await api.process('zeoclient9', options).catch((e: unknown) => e);
      expect(error).toMatchObject({
        code: 'not-found',
        message: 'no service zeoclient9 was assigned to web1',
        hint: 'see machine = in cluster.ini',
      });
      agent.answers.balancer = () => Promise.reject(new AppError('failed', 'pound says: 404 “not found”'));
      await expect(api.balancer('pound', options)).rejects.toMatchObject({
        code: 'failed',
        message: 'pound says: 404 “not found”',
        hint: undefined,
      });
    });

    it('does a thing once, however often it comes with the same command id', async () => {
      const first = await api.start('zeoclient1.1', command('same'));
      expect(await api.start('zeoclient1.1', command('same'))).toEqual(first);
      await api.start('zeoclient1.1', command('other'));
      expect(agent.performed).toEqual(['start zeoclient1.1', 'start zeoclient1.1']);
    });

    it('answers a repeated command that is still being carried out when it has been', async () => {
      const held = agent.hold('start');
      const first = api.start('zeoclient1.1', command('same'));
      await held;
      const second = api.start('zeoclient1.1', command('same'));
      agent.release();
      expect(await Promise.all([first, second])).toEqual([await first, await first]);
      expect(agent.performed).toEqual(['start zeoclient1.1']);
    });

    it('rejects with timeout when there is no answer in time, and the agent stops working on it', async () => {
      const held = agent.hold('log');
      const call = api.log('zeoclient1.1', { signal, timeoutMs: 100 });
      const atAgent = await held;
      await expect(call).rejects.toMatchObject({ code: 'timeout' });
      await aborted(atAgent);
    });

    it('rejects with the reason of its signal, and the agent stops working on it', async () => {
      const abort = new AbortController();
      const held = agent.hold('balancer');
      const call = api.balancer('pound', { signal: abort.signal, timeoutMs: 20_000 });
      const atAgent = await held;
      abort.abort(new AppError('cancelled', 'enough'));
      await expect(call).rejects.toMatchObject({ code: 'cancelled', message: 'enough' });
      await aborted(atAgent);
    });

    it('does nothing for a signal that has aborted before', async () => {
      const over = AbortSignal.abort(new AppError('cancelled', 'too late'));
      await expect(api.start('zeoclient1.1', command('x', { signal: over }))).rejects.toMatchObject({
        code: 'cancelled',
        message: 'too late',
      });
      await api.ping(options);
      expect(agent.performed).toEqual([]);
    });

    describe('of a stream', () => {
      const query = { ...aQuery, context: 3 };
      const entry = (n: number): LogPart => ({
        type: 'entries',
        file: '/event.log',
        entries: [{ ...anEntry, offset: n, text: `Käse ${n}` }],
      });

      it('brings each part, and the end', async () => {
        const asked: LogQuery[] = [];
        agent.parts = async function* (given) {
          asked.push(given);
          yield entry(1);
          yield entry(2);
          yield { ...entry(3), notes: ['some may be missing'] };
          yield aSummary;
        };
        const parts = [];
        for await (const part of api.search('zeoclient1.1', query, { signal })) parts.push(part);
        expect(parts).toEqual([entry(1), entry(2), { ...entry(3), notes: ['some may be missing'] }, aSummary]);
        expect(asked).toEqual([query]);
      });

      it('rejects with the error of the agent, after the parts before it', async () => {
        agent.parts = async function* () {
          yield entry(1);
          throw new AppError('usage', 'not a pattern: (', { hint: 'close it' });
        };
        const reading = api.search('zeoclient1.1', query, { signal })[Symbol.asyncIterator]();
        expect(await reading.next()).toEqual({ done: false, value: entry(1) });
        await expect(reading.next()).rejects.toMatchObject({ code: 'usage', message: 'not a pattern: (', hint: 'close it' });
      });

      it('is read ahead by no more than the way holds, if nobody takes it', async () => {
        const large = { ...anEntry, text: 'x'.repeat(64 * 1024) };
        agent.parts = async function* () {
          for (let n = 0; n < 10_000; n++) yield { type: 'entries', file: `${n}`, entries: [large] };
          yield aSummary;
        };
        const reading = api.search('zeoclient1.1', query, { signal })[Symbol.asyncIterator]();
        await reading.next();
        // Other calls go on, and give it time to run ahead.
        for (let n = 0; n < 20; n++) await api.ping(options);
        const ahead = agent.taken;
        for (let n = 0; n < 20; n++) await api.ping(options);
        expect(agent.taken).toBeLessThan(200);
        expect(agent.taken - ahead).toBeLessThan(100);
        await reading.return?.();
      });

      it('ends the work of the agent when its reader has had enough', async () => {
        const held = agent.hold('search');
        agent.parts = async function* (_, during) {
          yield entry(1);
          await aborted(during);
          throw new AppError('cancelled', 'ended');
        };
        for await (const part of api.search('zeoclient1.1', query, { signal: leaving.signal })) {
          expect(part).toEqual(entry(1));
          leaving.abort(new AppError('cancelled', 'enough'));
          break;
        }
        await aborted(await held);
      });

      it('rejects with the reason of its signal, and the agent stops working on it', async () => {
        const held = agent.hold('search');
        agent.parts = async function* (_, during) {
          yield entry(1);
          await aborted(during);
        };
        const reading = api.search('zeoclient1.1', query, { signal: leaving.signal })[Symbol.asyncIterator]();
        await reading.next();
        const next = reading.next();
        leaving.abort(new AppError('cancelled', 'enough'));
        await expect(Promise.race([next, aborted(await held).then(() => next)])).rejects.toMatchObject({ code: 'cancelled' });
      });

      it('rejects for a service that the agent does not have', async () => {
        const reading = api.search('zeoclient9', query, { signal })[Symbol.asyncIterator]();
        await expect(reading.next()).rejects.toMatchObject({ code: 'not-found' });
      });
    });

    it('answers one call while another one waits', async () => {
      const held = agent.hold('log');
      const slow = api.log('zeoclient1.1', options);
      await held;
      expect(await api.ping(options)).toMatchObject({ name: 'web1' });
      agent.release();
      expect(await slow).toMatchObject({ ok: true });
    });
  });
}

const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => (signal.aborted ? resolve() : signal.addEventListener('abort', () => resolve(), { once: true })));
