import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createControlService } from '../../../controller/api/control-service.js';
import { createLogger } from '../../../shared/log.js';
import { formatAddress } from '../../../shared/rpc/address.js';
import { createRpcServer, type RpcServer } from '../../../shared/rpc/server.js';
import { createFakeControl, type FakeControl } from '../../support/fake-control.js';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
let folder: string;
let program: string;
const servers: RpcServer[] = [];
const deafServers: Server[] = [];
const running = new Set<ChildProcess>();

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ctl-program-'));
  await promisify(execFile)(process.execPath, [join(ROOT, 'deploy/build.mjs'), '--out', folder, 'ctl']);
  await writeFile(join(folder, 'package.json'), '{"type":"module"}');
  program = join(folder, 'ctl.js');
});
afterEach(async () => {
  for (const child of running) child.kill('SIGKILL');
  for (const server of deafServers.splice(0)) server.close();
  await Promise.all(servers.splice(0).map((server) => server.stop()));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

interface Run {
  readonly child: ChildProcess;
  readonly out: () => string;
  readonly err: () => string;
  /** The exit code, or the name of the signal that ended it. */
  readonly end: Promise<number | string | null>;
}

function ctl(...args: string[]): Run {
  const written = { out: '', err: '' };
  const child = spawn(process.execPath, [program, ...args], { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] });
  running.add(child);
  child.stdout.setEncoding('utf8').on('data', (text: string) => void (written.out += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => void (written.err += text));
  const end = new Promise<number | string | null>((resolve) =>
    child.once('close', (code, signal) => {
      running.delete(child);
      resolve(code ?? signal);
    }),
  );
  return { child, out: () => written.out, err: () => written.err, end };
}

/** A controller with this behaviour on a port of the system's choice, and a cluster.ini that names it. */
async function controllerWith(control: FakeControl): Promise<void> {
  const log = createLogger({ name: 'test', level: 'silent' });
  const server = createRpcServer(
    { log },
    { address: { kind: 'tcp', host: '127.0.0.1', port: 0 }, services: [createControlService(control)] },
  );
  servers.push(server);
  await server.start();
  await writeFile(join(folder, 'cluster.ini'), `[controller]\naddress = ${formatAddress(server.address())}\n`);
}

const eventually = async (seen: () => boolean) => {
  while (!seen()) await new Promise<void>((resolve) => setImmediate(resolve));
};

describe('the built ctl', () => {
  it('knows its version', async () => {
    const run = ctl('--version');
    expect(await run.end).toBe(0);
    expect(run.out()).toMatch(/^\d+\.\d+\.\d+\n$/);
  });

  it('rolls a cluster by the old command line', async () => {
    const control = createFakeControl();
    await controllerWith(control);
    const run = ctl('-a', 'start', '-c', 'cluster.ini', '-s', 'zeoclient1.1,', 'zeoclient1.2');
    expect(await run.end).toBe(0);
    expect(run.out()).toContain('start completed after 1:12: 2 done\n');
    expect(control.requests).toMatchObject([{ action: 'start', selectors: ['zeoclient1.1', 'zeoclient1.2'], oldForm: true }]);
    expect(control.requests[0]?.by).toMatch(/^.+@.+$/);
  });

  it('prints JSON and nothing else on standard output', async () => {
    await controllerWith(createFakeControl({ failing: 'zeoclient1.2' }));
    const run = ctl('start', '--json');
    expect(await run.end).toBe(1);
    const lines = run.out().trimEnd().split('\n');
    expect(lines.map((line) => (JSON.parse(line) as { type: string }).type).at(-1)).toBe('result');
  });

  it('carries the errors of the controller to the exit code and the screen', async () => {
    await controllerWith(createFakeControl());
    const run = ctl('restart', 'zeoclient9');
    expect(await run.end).toBe(2);
    expect(run.err()).toBe('ctl: no service zeoclient9\n  → did you mean zeoclient1.1?\n'.replace('→', arrow()));
  });

  it('halts at Ctrl-C and goes on to the result, exit 130', async () => {
    const control = createFakeControl({ stuckOn: 'zeoclient1.2' });
    await controllerWith(control);
    const run = ctl('restart');
    await eventually(() => run.out().includes('waiting for an HTTP answer'));
    run.child.kill('SIGINT');
    expect(await run.end).toBe(130);
    expect(control.calls).toContain('halt op-1 interrupted');
    expect(run.out()).toContain('restart INTERRUPTED');
  });

  it('detaches at SIGHUP: the controller is not asked to halt', async () => {
    const control = createFakeControl({ stuckOn: 'zeoclient1.2' });
    await controllerWith(control);
    const run = ctl('restart');
    await eventually(() => run.out().includes('waiting for an HTTP answer'));
    run.child.kill('SIGHUP');
    expect(await run.end).toBe(130);
    expect(control.calls).not.toContain('halt op-1 interrupted');
    expect(run.err()).toContain('`ctl operations show op-1 --follow` shows it');
  });

  it('is exit 5 when the link is lost in mid-roll, and says where to look', async () => {
    const control = createFakeControl({ stuckOn: 'zeoclient1.2' });
    await controllerWith(control);
    const run = ctl('restart');
    await eventually(() => run.out().includes('waiting for an HTTP answer'));
    await Promise.all(servers.splice(0).map((server) => server.stop()));
    expect(await run.end).toBe(5);
    expect(run.err()).toContain('the controller goes on with op-1');
  });

  it('ends quietly when whoever reads its output has gone away', async () => {
    const control = createFakeControl({ stuckOn: 'zeoclient1.2' });
    await controllerWith(control);
    const run = ctl('restart');
    await control.stuck;
    run.child.stdout?.destroy();
    run.child.kill('SIGINT');
    expect(await run.end).toBe(130);
    expect(run.err()).not.toContain('EPIPE');
  });
});

describe('a controller that is not there', () => {
  it('is exit 5 where nobody listens', async () => {
    const port = await freePort();
    await writeFile(join(folder, 'cluster.ini'), `[controller]\naddress = 127.0.0.1:${port}\n`);
    const run = ctl('check');
    expect(await run.end).toBe(5);
    expect(run.err()).toContain(`ctl: no controller answers at 127.0.0.1:${port}\n`);
  });

  it('is exit 5 where somebody listens and never answers', async () => {
    const deaf = createServer(() => undefined);
    deafServers.push(deaf);
    await new Promise<void>((resolve) => deaf.listen(0, '127.0.0.1', resolve));
    const address = deaf.address();
    if (address === null || typeof address === 'string') throw new Error('no port');
    await writeFile(join(folder, 'cluster.ini'), `[controller]\naddress = 127.0.0.1:${address.port}\n`);
    const run = ctl('check', '--json');
    expect(await run.end).toBe(5);
    expect(JSON.parse(run.out())).toMatchObject({ exit: 5, error: { code: 'unreachable' } });
  });
});

it('an option that is not in this version changes nothing, exit 2', async () => {
  const control = createFakeControl();
  await controllerWith(control);
  const run = ctl('-a', 'start', '-P');
  expect(await run.end).toBe(2);
  expect(control.calls).toEqual([]);
  expect(run.err()).toContain('ctl: not in this version: -P');
});

it('config check works offline, with the code that only it needs', async () => {
  await writeFile(join(folder, 'cluster.ini'), '[cluster]\nzeoclients = nobody\n');
  const run = ctl('config', 'check', '--json');
  expect(await run.end).toBe(2);
  expect(JSON.parse(run.out())).toMatchObject({ action: 'config check', exit: 2 });
});

/** By the locale of whoever runs the tests. */
const arrow = () => (/utf-?8/i.test(process.env.LC_ALL ?? process.env.LC_CTYPE ?? process.env.LANG ?? '') ? '→' : '->');

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}
