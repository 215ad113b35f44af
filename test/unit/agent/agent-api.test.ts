import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createAgentApi, type AgentApiDeps, type AssignedAgentApi } from '../../../agent/agent-api.js';
import { openLedger, type Ledger } from '../../../agent/ledger.js';
import { AppError } from '../../../shared/errors.js';
import type { ProcessId, ProcessState } from '../../../shared/model/process.js';
import type { ServiceSpec } from '../../../shared/model/service.js';

const spec: ServiceSpec = { name: 'client', type: 'ZeoClient', serviceName: 'Zope_1', manager: 'command', ip: '127.0.0.1', port: 1 };
const pound: ServiceSpec = {
  ...spec,
  name: 'pound',
  type: 'Pound',
  serviceName: 'Pound',
  balancer: { kind: 'pound', conf: '', control: '', exe: '', apply: 'auto', sessions: 'wait' },
};
const id = '10@20' as ProcessId;
const running: ProcessState = { state: 'running', process: id, startedAt: 1 };
const call = { signal: new AbortController().signal, timeoutMs: 10_000 };
const effect = (commandId: string) => ({ ...call, commandId });
const never = (signal: AbortSignal) =>
  new Promise<never>((_, reject) => signal.addEventListener('abort', () => reject(new Error('stopped'))));

let folder = '';
let ledger: Ledger;
let done: string[] = [];
let refused: string[] = [];
let denied = new Set<string>();
let state: ProcessState = running;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'api-'));
  ledger = await openLedger(folder);
  done = [];
  refused = [];
  denied = new Set();
  state = running;
});
afterEach(async () => {
  await ledger.close();
  await rm(folder, { recursive: true, force: true });
});

const check = (what: string) => {
  if (denied.has(what)) throw new AppError('denied', `agent.ini does not allow ${what}`);
};
function createApi(deps: Partial<AgentApiDeps> = {}): AssignedAgentApi {
  const api = createAgentApi({
    name: 'web1',
    version: '1.2.3',
    clock: { now: () => 7, wallTime: () => 42, sleep: () => Promise.resolve() },
    async *search({ service, spec }) {
      yield { type: 'entries', file: `${service} ${spec.file}`, entries: [] };
    },
    allow: { service: check, path: check, action: check },
    manager: {
      state: () => Promise.resolve(state),
      start: async ({ name }) => {
        done.push(`start ${name}`);
        return running;
      },
      stop: async ({ name }, { replacing }) => {
        done.push(`stop ${name} ${replacing}`);
        return { how: 'stopped', ms: 1 };
      },
    },
    ledger,
    memory: (process) => Promise.resolve({ ok: true, process, rssKb: 7, uptimeS: 8 }),
    memories: async (service) => ({ service, ok: true, process: id, rssKb: 7, uptimeS: 8, pss: null, tree: null }),
    connections: () => Promise.resolve({ ok: true, connections: [] }),
    log: ({ spec }) => Promise.resolve({ ok: false, why: spec.file }),
    balancer: ({ name }) => ({
      state: () => Promise.resolve({ name, driver: 'pound-control', version: '4.16', aliveIntervalS: 5, backends: [] }),
      set: async ({ address, wanted }) => void done.push(`${name}: ${address} ${wanted}`),
    }),
    rotation: {
      plan: async (_, { logs, archiveDir }) => ({ logs: [], shortage: `${logs.join(' ')} ${archiveDir}` }),
      rotate: async ({ name }, { logs }) => {
        done.push(`rotate ${name}: ${logs.join(' ')}`);
        return { logs: [], recovered: [], removed: [] };
      },
    },
    refused: (verb, service, { message }) => refused.push(`${verb} of ${service}: ${message}`),
    caches: {
      plan: async ({ cache }) => ({ details: [JSON.stringify(cache)], awayS: null }),
      purge: async ({ name }, { pages }, command) => {
        done.push(`purge ${name} ${pages.map(({ path }) => path).join(' ')} by ${command}`);
        return { pages: [], awayMs: null, notes: [] };
      },
    },
    ...deps,
  });
  api.assign([spec, pound]);
  return api;
}

describe('agent api', () => {
  it('says who it is', async () => {
    expect(await createApi().ping(call)).toEqual({ name: 'web1', version: '1.2.3', at: 42 });
  });

  it('does what it is asked for with the service of that name', async () => {
    const api = createApi();
    expect(await api.process('client', call)).toEqual(running);
    const memory = { ok: true, process: id, rssKb: 7, uptimeS: 8 };
    expect(await api.observe('client', { log: false }, call)).toEqual({ process: running, memory, log: null });
    expect(await api.connections('client', call)).toEqual({ ok: true, connections: [] });
    expect(await api.start('client', effect('1'))).toEqual(running);
    expect(await api.stop('client', { replacing: id, deadlineMs: 5 }, effect('2'))).toEqual({ how: 'stopped', ms: 1 });
    expect(await api.balancer('pound', call)).toMatchObject({ name: 'pound', version: '4.16' });
    await api.setBackend('pound', { address: '10.0.0.1:80', wanted: 'out' }, effect('3'));
    expect(done).toEqual(['start client', 'stop client 10@20', 'pound: 10.0.0.1:80 out']);
  });

  describe('purge', () => {
    const cache = { kind: 'squid', folder: '/var/spool/squid', exe: 'squid', conf: '/etc/squid/squid.conf' } as const;
    const squid: ServiceSpec = { ...spec, name: 'squid', type: 'Squid', serviceName: 'Squid', cache };
    const order = { pages: [{ host: 'www', path: '/a' }], stopDeadlineMs: 1, startDeadlineMs: 1 };
    const apiWithSquid = () => {
      const api = createApi();
      api.assign([squid]);
      return api;
    };

    it('hands over to the driver of the cache, with the id of the command', async () => {
      const api = apiWithSquid();
      expect(await api.purgePlan('squid', call)).toMatchObject({ details: [JSON.stringify(cache)] });
      await api.purge('squid', order, effect('7'));
      expect(done).toEqual(['purge squid /a by 7']);
    });

    it.each(['purge', 'Squid', '/var/spool/squid', '/etc/squid/squid.conf'])(
      'is refused where agent.ini does not allow %s',
      async (what) => {
        denied = new Set([what]);
        const api = apiWithSquid();
        await expect(api.purgePlan('squid', call)).rejects.toMatchObject({ code: 'denied' });
        await expect(api.purge('squid', order, effect('7'))).rejects.toMatchObject({ code: 'denied' });
        expect(done).toEqual([]);
      },
    );
  });

  it('measures several services in one go; one that it does not know keeps none of the others from it', async () => {
    const api = createApi();
    expect(await api.memories(['client', 'nobody'], { tree: false, pss: false }, call)).toEqual([
      { service: 'client', ok: true, process: id, rssKb: 7, uptimeS: 8, pss: null, tree: null },
      { service: 'nobody', ok: false, why: 'nobody is not a service of web1', down: false },
    ]);
  });

  it('looks at no address but those of its services and of the backends of its balancers', async () => {
    const order = { kind: 'tcp', ip: '10.99.99.99', port: 22, timeoutMs: 50 } as const;
    await expect(createApi().probe(order, call)).rejects.toMatchObject({ code: 'denied' });
  });

  it('does a command once', async () => {
    const api = createApi();
    expect([await api.start('client', effect('1')), await api.start('client', effect('1'))]).toEqual([running, running]);
    expect(done).toEqual(['start client']);
  });

  it('takes the same id of another verb or another service for another command', async () => {
    const api = createApi();
    api.assign([spec, { ...spec, name: 'other' }]);
    await api.start('client', effect('1'));
    await api.start('other', effect('1'));
    await api.stop('client', { replacing: id, deadlineMs: 1 }, effect('1'));
    await api.start('client', effect('1'));
    expect(done).toEqual(['start client', 'start other', `stop client ${id}`]);
  });

  it('does not know a service that was not assigned, or no longer is', async () => {
    const api = createApi();
    const error = { code: 'not-found', message: 'client is not a service of web1', hint: 'has client machine = web1 in cluster.ini?' };
    api.assign([]);
    await expect(api.process('client', call)).rejects.toMatchObject(error);
    await expect(api.start('client', effect('1'))).rejects.toMatchObject(error);
  });

  it('does nothing with a service that is not allowed', async () => {
    denied = new Set(['Zope_1']);
    const api = createApi();
    const error = { code: 'denied', message: 'agent.ini does not allow Zope_1' };
    await expect(api.process('client', call)).rejects.toMatchObject(error);
    await expect(api.observe('client', { log: false }, call)).rejects.toMatchObject(error);
    await expect(api.connections('client', call)).rejects.toMatchObject(error);
    await expect(api.log('client', call)).rejects.toMatchObject(error);
    await expect(api.start('client', effect('1'))).rejects.toMatchObject(error);
    await expect(api.stop('client', { replacing: id, deadlineMs: 1 }, effect('2'))).rejects.toMatchObject(error);
    expect(done).toEqual([]);
  });

  it('needs leave for each verb, and none to look at processes', async () => {
    denied = new Set(['start', 'stop', 'log', 'balancer']);
    const api = createApi();
    const error = (verb: string) => ({ code: 'denied', message: `agent.ini does not allow ${verb}` });
    await expect(api.start('client', effect('1'))).rejects.toMatchObject(error('start'));
    await expect(api.stop('client', { replacing: id, deadlineMs: 1 }, effect('2'))).rejects.toMatchObject(error('stop'));
    await expect(api.log('client', call)).rejects.toMatchObject(error('log'));
    await expect(api.balancer('pound', call)).rejects.toMatchObject(error('balancer'));
    await expect(api.setBackend('pound', { address: 'x', wanted: 'in' }, effect('3'))).rejects.toMatchObject(error('balancer'));
    expect(await api.process('client', call)).toEqual(running);
    expect(await api.observe('client', { log: true }, call)).toMatchObject({
      process: running,
      memory: { ok: true },
      log: { ok: false, why: 'agent.ini does not allow log' },
    });
    expect(refused).toEqual(['log of client: agent.ini does not allow log']);
  });

  it('does a command that was refused as soon as it is allowed', async () => {
    denied = new Set(['start']);
    const api = createApi();
    await expect(api.start('client', effect('1'))).rejects.toMatchObject({ code: 'denied' });
    denied = new Set();
    expect(await api.start('client', effect('1'))).toEqual(running);
  });

  it('measures no memory of a service that does not run, and says why', async () => {
    const api = createApi();
    state = { state: 'down', failed: false, why: 'stopped' };
    expect(await api.observe('client', { log: false }, call)).toMatchObject({ memory: { ok: false, why: 'client is down: stopped' } });
  });

  it('reads the log of a service that has one', async () => {
    const api = createApi();
    expect(await api.log('client', call)).toEqual({ ok: false, why: 'client has no log_file' });
    api.assign([{ ...spec, log: { file: '/none/event.log', readyPattern: '', criticalPattern: '', ignorePattern: '' } }]);
    expect(await api.log('client', call)).toEqual({ ok: false, why: '/none/event.log' });
  });

  it('asks no balancer of a service that is none', async () => {
    await expect(createApi().balancer('client', call)).rejects.toMatchObject({
      code: 'unsupported',
      message: 'client is a ZeoClient, not a balancer',
    });
  });

  it('rejects when the time is over, even if what it waits for never ends', async () => {
    const api = createApi({ connections: () => new Promise(() => undefined) });
    await expect(api.connections('client', { ...call, timeoutMs: 1 })).rejects.toMatchObject({
      code: 'timeout',
      message: 'connections client took longer than 1 ms',
    });
  });

  it('stops what it does when the caller goes away', async () => {
    const abort = new AbortController();
    const seen: string[] = [];
    const api = createApi({
      connections: (_spec, signal) => {
        seen.push('begun');
        return never(signal).finally(() => seen.push('stopped'));
      },
    });
    const answer = api.connections('client', { ...call, signal: abort.signal });
    await expect.poll(() => seen).toEqual(['begun']);
    abort.abort();
    await expect(answer).rejects.toMatchObject({ code: 'cancelled' });
    await expect.poll(() => seen).toEqual(['begun', 'stopped']);
  });
});
