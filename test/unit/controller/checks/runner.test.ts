import { describe, expect, it } from 'vitest';
import { frame } from '../../../../shared/probes/frames.js';
import { createChecks } from '../../../../controller/checks/runner.js';
import { AppError } from '../../../../shared/errors.js';
import type { AgentApi, Observation } from '../../../../shared/model/agent-api.js';
import type { BalancerState } from '../../../../shared/model/balancer.js';
import { processId, type Memory } from '../../../../shared/model/process.js';
import { addressOf, type LogSpec } from '../../../../shared/model/service.js';
import { systemClock } from '../../../../shared/ports/clock.js';
import { aClient, aCluster, aFleet, aService, connectConfig, fakeClock, never } from './fixtures.js';
import { answering, closedPort, page, serve, type TestServer } from './servers.js';

const LOG: LogSpec = { file: '/srv/zope/1/log/event.log', readyPattern: '', criticalPattern: '', ignorePattern: '' };
const PROCESS = processId(42, 7);
const observed = (memory: Partial<Memory>, log: boolean): Observation => ({
  process: { state: 'running', process: PROCESS, startedAt: 0 },
  memory: { ok: true, process: PROCESS, rssKb: 1000, uptimeS: 5, ...memory },
  log: log ? { ok: true, since: null, findings: 0, entries: [], last: null } : null,
});
const healthy: Partial<AgentApi> = { observe: async (_, { log }) => observed({}, log) };
const round = { path: '', signal: never };

const at = (server: TestServer) => ({ ip: server.ip, port: server.port });
const aPound = (server: { ip: string; port: number }) =>
  aService(
    {
      name: 'pound',
      type: 'Pound',
      ip: server.ip,
      port: server.port,
      balancer: { kind: 'pound', conf: '', control: '', exe: '', apply: 'auto', sessions: 'delete' },
    },
    { host: 'lb1' },
  );
const poundHolding = (address: string): BalancerState => ({
  name: 'pound',
  driver: 'pound-control',
  version: '4.16',
  aliveIntervalS: 30,
  backends: [{ address, place: 'main/all', inFile: 'in', inRuntime: 'in', alive: true, sessions: 0, inFlight: null }],
});

describe('report', () => {
  it('measures a client from here, by its own agent, and by the agent of the balancer', async () => {
    await using server = await serve(answering(page('home')));
    await using listener = await serve(() => undefined);
    const client = aClient({ ...at(server), log: LOG });
    const pound = aPound(listener);
    const fleet = aFleet({ web1: healthy, lb1: { ...healthy, balancer: async () => poundHolding(addressOf(client.spec)) } });
    const checks = createChecks({ config: () => aCluster([client, pound]), fleet, clock: fakeClock(5000) });
    const [report, balancer] = await checks.report([client, pound], { path: '/news', signal: never });
    expect(report).toMatchObject({
      name: 'client1',
      state: 'ok',
      balancer: 'in',
      at: 5000,
      tcp: { ok: true },
      http: { ok: true, status: 200, bytes: 4 },
      memory: { ok: true, rssKb: 1000 },
      log: { ok: true, findings: 0 },
      findings: [],
    });
    expect(balancer).toMatchObject({
      name: 'pound',
      state: 'ok',
      balancer: 'none',
      tcp: { ok: true },
      http: null,
      memory: null,
      log: null,
    });
    expect(server.received()).toContain('/VirtualHostRoot/news HTTP');
    expect(listener.received()).toBe('');
  });

  it('calls a client busy that does not answer in time, and works meanwhile', async () => {
    await using server = await serve(() => undefined);
    const client = aClient(at(server), { timeoutMs: 200 });
    let cpuMs = 0;
    const observe: AgentApi['observe'] = async (_, { log }) => observed({ cpuMs: (cpuMs += 1_000) }, log);
    const waiting = { peer: '10.0.0.2:4711', silentMs: 10, pending: true };
    const fleet = aFleet({ web1: { observe, connections: async () => ({ ok: true, connections: [waiting] }) } });
    const checks = createChecks({ config: () => aCluster([client]), fleet, clock: systemClock });
    expect(await checks.report([client], round)).toMatchObject([
      { state: 'busy', http: { ok: false }, findings: [{ event: null, kind: 'timeout' }] },
    ]);
  });

  it('still checks what it can from here when the agents are away, and says who is away', async () => {
    await using server = await serve(answering(page('home')));
    const client = aClient({ ...at(server), log: LOG });
    const pound = aPound(server);
    const checks = createChecks({ config: () => aCluster([client, pound]), fleet: aFleet({}), clock: fakeClock() });
    const [report] = await checks.report([client], round);
    expect(report).toMatchObject({ state: 'unknown', balancer: 'unknown', http: { ok: true } });
    expect(report?.findings.map((finding) => finding.message)).toEqual([
      'client1 on web1: not measured: memory, log (the agent of web1 is away)',
      'client1 on web1: not measured: standing in the balancer (pound: the agent of lb1 is away)',
    ]);
  });

  it('waits for an agent that does not answer only so long', async () => {
    await using server = await serve(answering(page('home')));
    const hangs = () => new Promise<never>(() => undefined);
    const fleet = aFleet({ web1: { observe: hangs } });
    const checks = createChecks({ config: () => aCluster([]), fleet, clock: systemClock }, { agentTimeoutMs: 100 });
    const [report] = await checks.report([aClient({ ...at(server), log: LOG })], round);
    expect(report).toMatchObject({ state: 'unknown', memory: { ok: false, why: 'the agent of web1 took longer than 100 ms' } });
  });

  it('asks nobody for the standing of a client that is never in the balancer', async () => {
    await using server = await serve(answering(page('home')));
    const checks = createChecks({ config: () => aCluster([aPound(server)]), fleet: aFleet({ web1: healthy }), clock: fakeClock() });
    const [report] = await checks.report([aClient(at(server), { pool: 0 })], round);
    expect(report).toMatchObject({ state: 'ok', balancer: 'none' });
  });

  it('does not ask for a page where there is no connection', async () => {
    const clock = fakeClock();
    const checks = createChecks({ config: () => aCluster([]), fleet: aFleet({ web1: healthy }), clock });
    const [report] = await checks.report([aClient({ ip: '127.0.0.1', port: await closedPort() })], round);
    expect(report).toMatchObject({ state: 'critical', http: { ok: false, why: 'not asked: no TCP connection' }, findings: [{ event: 1 }] });
    expect(clock.slept).toEqual([1000, 1000]);
  });

  it('never makes a bare connection to a ZEO server', async () => {
    await using server = await serve((socket) => {
      socket.write(frame('Z5'));
      socket.once('data', () => socket.end(frame('{"1": {"waiting": 1}}')));
    });
    const checks = createChecks({ config: () => aCluster([]), fleet: aFleet({ web1: healthy }), clock: fakeClock() });
    const [report] = await checks.report([aService({ name: 'zeo', type: 'ZeoServer', ...at(server) })], round);
    expect(report).toMatchObject({ state: 'ok', tcp: { ok: true }, http: null, findings: [{ event: null, kind: 'zeo' }] });
    expect(server.connections()).toBe(1);
    expect(server.received()).toBe('\0\0\0\x04ruok');
  });

  it('keeps the order of the services, and measures no more of them at once than it may', async () => {
    await using server = await serve(answering(page('home')));
    let open = 0;
    let most = 0;
    const observe: AgentApi['observe'] = async (_, { log }) => {
      most = Math.max(most, ++open);
      await new Promise(setImmediate);
      open--;
      return observed({}, log);
    };
    const clients = Array.from({ length: 9 }, (_, i) => aClient({ name: `client${i}`, ...at(server) }, { pool: 0 }));
    const fleet = aFleet({ web1: { observe } });
    const checks = createChecks({ config: () => aCluster([]), fleet, clock: fakeClock() }, { concurrency: 2 });
    const reports = await checks.report(clients, round);
    expect(reports.map((report) => report.name)).toEqual(clients.map((client) => client.spec.name));
    expect(most).toBe(2);
  });

  it('rejects with the reason of its signal, though an agent hangs', async () => {
    await using server = await serve(() => undefined);
    const reason = new AppError('cancelled', 'enough');
    const abort = new AbortController();
    const fleet = aFleet({ web1: { ...healthy, observe: () => (abort.abort(reason), new Promise<never>(() => undefined)) } });
    const checks = createChecks({ config: () => aCluster([]), fleet, clock: systemClock });
    await expect(checks.report([aClient(at(server))], { path: '', signal: abort.signal })).rejects.toBe(reason);
  });
});

describe('health and warm', () => {
  it('asks for the home page once', async () => {
    await using server = await serve(answering(page('home')));
    const checks = createChecks({
      config: () => aCluster([], { connect: connectConfig({ entity: 'site' }) }),
      fleet: aFleet({}),
      clock: fakeClock(),
    });
    expect(await checks.health(aClient(at(server)), { timeoutMs: 5000, signal: never })).toMatchObject({ ok: true, status: 200 });
    expect(server.received()).toContain('/site/VirtualHostRoot/ HTTP');
    expect(server.connections()).toBe(1);
  });

  it('fetches what [feedcache] names', async () => {
    await using server = await serve(answering(page('home')));
    const config = () => aCluster([], { feedcache: { urls: ['/a', '/b'], concurrency: 2 } });
    const checks = createChecks({ config, fleet: aFleet({}), clock: fakeClock() });
    const warmed = await checks.warm(aClient(at(server)), never);
    expect(warmed).toMatchObject([
      { url: '/a', result: { ok: true } },
      { url: '/b', result: { ok: true } },
    ]);
  });
});
