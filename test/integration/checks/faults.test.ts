import type { Socket } from 'node:net';
import { appendFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createAgentApi } from '../../../agent/agent-api.js';
import { createBalancerDriver } from '../../../agent/balancers/index.js';
import { createConnections } from '../../../agent/connections/index.js';
import { openLedger, type Ledger } from '../../../agent/ledger.js';
import { createLogSearch, createSinceStart } from '../../../agent/logs/index.js';
import { createMemories, createMemory } from '../../../agent/memory/index.js';
import { createProcesses, createServiceManager } from '../../../agent/services/index.js';
import { createChecks } from '../../../controller/checks/runner.js';
import type { Service } from '../../../controller/config/cluster.js';
import type { ServiceReport } from '../../../shared/model/check-report.js';
import type { ServiceSpec } from '../../../shared/model/service.js';
import { systemClock } from '../../../shared/ports/clock.js';
import { exec } from '../../../shared/ports/exec.js';
import { frame } from '../../../shared/probes/frames.js';
import { cachesOf } from '../../support/caches.js';
import { rotationOf } from '../../support/rotations.js';
import { aClient, aCluster, aFleet, aService, fakeClock, never } from '../../unit/controller/checks/fixtures.js';
import { answering, page, serve } from '../../unit/controller/checks/servers.js';

let folder: string;
let ledger: Ledger;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ctl-faults-'));
  ledger = await openLedger(folder);
});
afterEach(async () => {
  await ledger.close();
  await rm(folder, { recursive: true, force: true });
});

/** A whole check of one service, by the real drivers of an agent on this host. */
async function check(service: Service): Promise<ServiceReport> {
  const processes = createProcesses();
  const manager = createServiceManager({
    ...{ processes, clock: systemClock, exec, env: {}, platform: process.platform, uid: process.getuid?.() ?? 0, booted: false },
    ...{
      commands: new Map([['Zope_1', { start: ['false'], stop: null, user: null }]]),
      stateDir: join(folder, 'state'),
      supervisor: undefined,
    },
  });
  const memory = createMemory(processes, process.platform);
  const search = createLogSearch({ clock: systemClock });
  const agent = createAgentApi({
    ...{ name: 'web1', version: '1', clock: systemClock, manager, ledger, memory, search, log: createSinceStart(search) },
    allow: { service: () => undefined, path: () => undefined, action: () => undefined },
    memories: createMemories({ processes, memoryOf: memory, platform: process.platform }),
    connections: createConnections(exec),
    balancer: (spec) => createBalancerDriver(spec, { exec, manager, clock: systemClock, stateDir: folder, mayRestart: () => undefined }),
    rotation: rotationOf({ stateDir: folder, pid: null }),
    caches: cachesOf({ stateDir: folder, start: ['false'] }).caches,
    refused: () => undefined,
  });
  agent.assign([service.spec]);
  const config = () => aCluster([service]);
  const checks = createChecks({ config, fleet: aFleet({ web1: agent }), clock: fakeClock(Date.now()) }, { connectTimeoutMs: 2000 });
  const [report] = await checks.report([service], { path: '', signal: never });
  return report ?? expect.fail('no report');
}

const well = answering(page('home'));
const clientOn = (port: number, spec: Partial<ServiceSpec> = {}, timeoutMs = 5_000) =>
  aClient({ serviceName: 'Zope_1', manager: 'command', port, ...spec }, { timeoutMs });
const logSpec = (file: string) => ({ file, readyPattern: 'Ready to handle requests', criticalPattern: 'MemoryError', ignorePattern: '' });
const told = ({ findings }: ServiceReport) => findings.map(({ event, kind, message }) => `${event ?? '-'} ${kind}: ${message}`);

describe('a log file', () => {
  const withLog = async (file: string) => {
    await using server = await serve(well);
    return await check(clientOn(server.port, { log: logSpec(file) }));
  };

  it('that is missing, or cannot be read, is unknown with the reason, and nothing else', async () => {
    const missing = await withLog(join(folder, 'event.log'));
    expect(missing).toMatchObject({ state: 'unknown', http: { ok: true }, log: { ok: false } });
    expect(missing.log).toMatchObject({ why: expect.stringMatching(/event\.log cannot be read: .*no such file/i) as string });
    await mkdir(join(folder, 'folder.log'));
    const unreadable = await withLog(join(folder, 'folder.log'));
    expect(unreadable).toMatchObject({ state: 'unknown', http: { ok: true }, log: { ok: false } });
    expect([...missing.findings, ...unreadable.findings].every(({ event }) => event === null)).toBe(true);
  });

  it('that is binary, or has lines of a megabyte, is searched all the same', async () => {
    const file = join(folder, 'event.log');
    await writeFile(file, '2024-10-11 16:12:50 INFO [Zope:42][MainThread] Ready to handle requests\n');
    await appendFile(file, Buffer.from([0, 255, 254, 10, 0, 0, 13, 10]));
    await appendFile(file, `2024-10-11 16:12:51 ERROR ${'x'.repeat(1024 * 1024)}\n`);
    await appendFile(file, '2024-10-11 16:12:52 ERROR [x] MemoryError\n');
    const report = await withLog(file);
    expect(report.log).toMatchObject({ ok: true, findings: 1 });
    expect(told(report)).toContainEqual(expect.stringContaining('4 log: client1 on web1: 1 critical entry'));
  });
});

describe('a pid file', () => {
  const withPid = async (content: string | null) => {
    const pidFile = join(folder, 'Z4.pid');
    if (content !== null) await writeFile(pidFile, content);
    await using server = await serve(well);
    return await check(clientOn(server.port, { pidFile }));
  };

  it.each([
    ['missing', null, /no pid file/],
    ['stale', '4194303\n', /stale pid file/],
    ['garbage', 'not a pid\n', /holds no pid/],
    ['empty', '', /holds no pid/],
  ])('that is %s leaves the memory of a client that answers unknown: never 0 kB, never down', async (_, content, why) => {
    const report = await withPid(content);
    expect(report).toMatchObject({ state: 'unknown', tcp: { ok: true }, http: { ok: true }, memory: { ok: false } });
    expect(report.findings).toMatchObject([{ event: null, kind: 'unmeasured', got: expect.stringMatching(why) as string }]);
  });
});

describe('an HTTP answer', () => {
  const answered = async (onConnection: (socket: Socket) => void) => {
    await using server = await serve(onConnection);
    const report = await check(clientOn(server.port, {}, 300));
    return { report, connections: server.connections() };
  };
  const events = ({ findings }: ServiceReport) => findings.flatMap(({ event }) => event ?? []);

  it('that never ends is too slow, whatever has come of it', async () => {
    const { report } = await answered((socket) => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n');
      const more = () => {
        if (!socket.destroyed) socket.write('x'.repeat(1000), () => setImmediate(more));
      };
      more();
    });
    expect(report.findings.filter(({ kind }) => kind === 'timeout')).toHaveLength(1);
  });

  it('that leads to itself is not followed, and is well', async () => {
    const { report, connections } = await answered(answering(page('', '302 Found', 'Location: /\r\n')));
    expect(report.http).toMatchObject({ ok: true, status: 302 });
    // One for TCP, one for HTTP.
    expect(connections).toBe(2);
  });

  it.each([
    ['is shorter than it says', 'HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nshort'],
    ['is no HTTP', 'SSH-2.0-OpenSSH_9.2\r\n'],
    ['has a length that is none', 'HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\nx'],
  ])('that %s is an HTTP error', async (_, answer) => {
    expect(events((await answered(answering(answer))).report)).toEqual([2]);
  });
});

describe('a ZEO server', () => {
  it('that greets and then hangs is too slow, with what it was waited for', async () => {
    await using server = await serve((socket) => socket.write(frame('Z5')));
    const report = await check(aService({ name: 'zeo', type: 'ZeoServer', port: server.port }, { timeoutMs: 300 }));
    expect(report.findings[0]).toMatchObject({ event: 5, message: expect.stringContaining('did not send an answer to ruok') as string });
    expect(report.tcp).toMatchObject({ ok: true });
  });
});

describe('a Pound', () => {
  it('whose listener accepts and whose control socket does not answer is not down: its backends are unknown', async () => {
    await using listener = await serve(() => undefined);
    const balancer = {
      kind: 'pound',
      conf: join(folder, 'pound.cfg'),
      control: join(folder, 'no.sock'),
      exe: '',
      apply: 'auto',
      sessions: 'delete',
    } as const;
    await writeFile(balancer.conf, 'ListenHTTP\n\tAddress 127.0.0.1\n\tPort 80\nEnd\n');
    const report = await check(
      aService({ name: 'pound', type: 'Pound', serviceName: 'Zope_1', manager: 'command', port: listener.port, balancer }),
    );
    expect(report).toMatchObject({ state: 'unknown', tcp: { ok: true } });
    expect(report.findings.every(({ event }) => event === null)).toBe(true);
    expect(told(report).join('\n')).toContain('state of its backends');
  });
});
