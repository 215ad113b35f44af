import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { acquireLock } from '../../../controller/rolling/lock.js';
import { makeFolder } from '../../../shared/ports/files.js';
import { identifyProcess } from '../../../shared/ports/process-identity.js';
import { createProcesses, type Finished } from '../../../deploy/demo/processes.js';

const ROOT = join(import.meta.dirname, '../../..');
let built: string;
let folder: string;
let port: number;
const servers: Server[] = [];

beforeAll(async () => {
  built = await mkdtemp(join(tmpdir(), 'ctl-built-'));
  await promisify(execFile)(process.execPath, [join(ROOT, 'deploy/build.mjs'), '--out', built, 'ctl']);
  await writeFile(join(built, 'package.json'), '{"type":"module"}');
  // Where a package has them, too: beside the programs.
  await symlink(join(ROOT, 'node_modules'), join(built, 'node_modules'));
});
afterAll(() => rm(built, { recursive: true, force: true }));
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ctl-e-'));
  const server = createServer((socket) => socket.end());
  servers.push(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  ({ port } = server.address() as AddressInfo);
});
afterEach(async () => {
  for (const server of servers.splice(0)) server.close();
  await rm(folder, { recursive: true, force: true });
});

/** Without a terminal, and with next to no environment. Its temporary files lie in the folder of the test. */
async function ctl(...args: string[]): Promise<Finished> {
  const processes = createProcesses(folder);
  const program = [process.execPath, join(built, 'ctl.js'), ...args, '-c', join(folder, 'cluster.ini')] as const;
  return processes.run(['/usr/bin/env', '-i', 'PATH=/usr/bin:/bin', `TMPDIR=${folder}`, ...program], { timeoutMs: 30_000, cwd: '/' });
}

/** A relay here that answers, and a client on another host; 192.0.2.0/24 is nobody's, and nothing here dials it. */
const writeIni = (more = '') =>
  writeFile(
    join(folder, 'cluster.ini'),
    `[cluster]
zeoclients = far
frontend = relay
[relay]
type = TCPServer
machine = ${hostname()}
ip = 127.0.0.1
port = ${port}
[far]
type = ZeoClient
machine = elsewhere
ip = 192.0.2.7
port = 8081
service_name = Zope_1
pid_file = /srv/zope/1/Z4.pid
${more}`,
  );

const advice = `without \`[controller] address\` ctl acts on the services of this host (${hostname()}) alone: set it, run ctl-controller, and ctl-agent on every host`;

describe('ctl without a controller', () => {
  it('measures what is on this host, and says what it cannot see', async () => {
    await writeIni();
    const { code, stdout, stderr } = await ctl('check', '-s', 'relay', '--json');
    expect(stderr).toBe('');
    const report = JSON.parse(stdout) as { services: { name: string; tcp: unknown }[]; warnings: string[] };
    expect(report.services).toMatchObject([{ name: 'relay', host: hostname(), tcp: { ok: true } }]);
    expect(report.warnings).toEqual([expect.stringContaining(`not on this host (${hostname()}): elsewhere`) as string]);
    expect(code).toBe(0);
  });

  it.each(['start --yes', 'stop --yes', '-a start', 'restart', 'rotate', '-a rotate'])(
    'is exit 2 with advice for `%s` of a service elsewhere',
    async (line) => {
      await writeIni('rotate_logs = /srv/zope/1/log/event.log\n[DEFAULT]\narchivedir = /srv/archive\n');
      const { code, stderr } = await ctl(...line.split(' '), '-s', 'far');
      expect(stderr).toBe(`ctl: elsewhere is not this host\n  -> nothing was touched. ${advice}\n`);
      expect(code).toBe(2);
    },
  );

  it('searches a log of this host', async () => {
    const log = join(folder, 'event.log');
    await writeIni(`[near]
type = ZeoClient
machine = ${hostname()}
ip = 127.0.0.1
port = 8082
log_file = ${log}
[cluster]
zeoclients = far, near
`);
    await writeFile(log, '2026-01-02T03:04:05 ERROR Zope ConflictError at /news\n');
    const { code, stdout, stderr } = await ctl('log', '-p', 'Conflict.*', '-s', 'near');
    expect(stderr).not.toContain('not searched');
    expect(stdout).toBe('near | 2026-01-02T03:04:05 ERROR Zope ConflictError at /news\n');
    expect(code).toBe(0);
  });

  it('names all problems of a wrong file at once', async () => {
    await writeIni('[far]\nport = x\n[cluster]\nmin_active = y\n');
    const { code, stderr } = await ctl('check');
    expect(stderr).toMatch(/\[far\] port: "x" [^]*\[cluster\] min_active: "y" /);
    expect(code).toBe(2);
  });

  it('is exit 2 where its state_dir cannot be used', async () => {
    await writeIni('[controller]\nstate_dir = cluster.ini/state\n');
    const { code, stderr } = await ctl('status');
    expect(stderr).toMatch(/^ctl: the state_dir \S+ cannot be used: [^]*-> run ctl as the user who owns it/);
    expect(code).toBe(2);
  });

  it('leaves nothing behind but what it must remember', async () => {
    await writeIni();
    expect((await ctl('check', '-s', 'relay')).code).toBe(0);
    expect((await readdir(folder)).sort()).toEqual(['.ctl', 'cluster.ini', 'ctl.log']);
    expect((await readdir(join(folder, '.ctl'))).sort()).not.toContain('controller.lock');
  });

  it('keeps what happened, and tells it without a controller: once, however often it is seen', async () => {
    await writeIni();
    expect(await ctl('events')).toMatchObject({ code: 0, stdout: 'nothing happened yet\n' });
    for (const server of servers.splice(0)) await new Promise((resolve) => server.close(resolve));
    for (let round = 0; round < 2; round++) expect((await ctl('check', '-s', 'relay', '--no-mail')).code).toBe(1);
    const { code, stdout } = await ctl('events', '--open', '--json');
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ events: [{ service: 'relay', event: 1, kind: 'tcp', count: 2, open: true }] });
    expect((await ctl('events', '-s', 'far')).stdout).toBe('nothing of that kind happened\n');
    expect((await ctl('events', 'relya')).code).toBe(2);
  });

  it('has no version of the file that a reload could change', async () => {
    await writeIni();
    expect(await ctl('config', 'diff')).toMatchObject({ code: 2, stderr: expect.stringContaining('`ctl config check`') as string });
  });
});

describe('a state_dir that a controller which lives owns', () => {
  const owner = { what: 'ctl-controller', by: '/etc/ctl/cluster.ini' };
  let release: () => Promise<void>;
  beforeEach(async () => {
    await writeIni();
    await makeFolder(join(folder, '.ctl'));
    const lease = await acquireLock(join(folder, '.ctl/controller.lock'), owner, { identify: identifyProcess });
    release = () => lease.release();
  });
  afterEach(() => release());

  it('is refused, exit 4, with whose it is', async () => {
    const { code, stderr } = await ctl('check', '-s', 'relay');
    expect(stderr).toContain(`a controller works with ${folder}/.ctl already: ctl-controller by /etc/ctl/cluster.ini holds the lock since`);
    expect(stderr).toContain(`(process ${process.pid} on ${hostname()})`);
    expect(code).toBe(4);
  });

  it('can be read all the same', async () => {
    expect(await ctl('operations', 'list')).toMatchObject({ code: 0, stdout: 'no operations yet\n', stderr: '' });
    expect(await ctl('status', '-s', 'relay')).toMatchObject({ code: 5, stdout: expect.stringContaining('never measured') as string });
    expect(await ctl('operations', 'show', '20240925-144717-0000')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('there is no operation') as string,
    });
  });

  it('is free again as soon as it ends', async () => {
    const waiting = ctl('check', '-s', 'relay');
    await release();
    expect(await waiting).toMatchObject({ code: 0 });
  });
});

it('a ctl that has a controller never loads what embedded mode needs', async () => {
  const chunks = await readdir(join(built, 'ctl'));
  const [embedded, ...others] = chunks.filter((name) => name.startsWith('embedded-'));
  expect(others).toEqual([]);
  await rm(join(built, 'ctl', embedded ?? ''));
  await writeIni(`[controller]\naddress = unix:${folder}/nobody\n`);
  expect(await ctl('check')).toMatchObject({ code: 5, stderr: expect.stringContaining('no controller answers') as string });
});
