import { execFile } from 'node:child_process';
import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { builtCtl, type Seat } from '../../support/built-ctl.js';
import { createFakeControl } from '../../support/fake-control.js';

const built = builtCtl();
let seat: Seat;
const deafServers: Server[] = [];

beforeEach(async () => {
  seat = await built.seat();
});
afterEach(async () => {
  for (const server of deafServers.splice(0)) server.close();
  await seat[Symbol.asyncDispose]();
});

const eventually = async (seen: () => boolean) => {
  while (!seen()) await new Promise<void>((resolve) => setImmediate(resolve));
};

describe('the built ctl', () => {
  it('knows its version', async () => {
    const run = seat.type('--version');
    expect(await run.end).toBe(0);
    expect(run.out()).toMatch(/^\d+\.\d+\.\d+\n$/);
  });

  it('was compiled when it was built, and does without where that fits no more', async () => {
    const pieces = join(seat.program, '..', 'ctl');
    const code = (await readdir(pieces)).filter((name) => name.endsWith('.code'));
    expect(code).toContain('ctl.js.code');
    const [kept] = await Promise.all(code.map((name) => readFile(join(pieces, name))));
    for (const other of [Buffer.from('of another version of node'), kept?.subarray(0, 100) ?? Buffer.alloc(0), null]) {
      for (const name of code) await (other === null ? rm(join(pieces, name)) : writeFile(join(pieces, name), other));
      const run = seat.type('--help');
      expect(await run.end, run.err()).toBe(0);
    }
  });

  it('rolls a cluster by the old command line', async () => {
    const control = createFakeControl();
    await seat.serve(control);
    const run = seat.type('-a', 'start', '-c', 'cluster.ini', '-s', 'zeoclient1.1,', 'zeoclient1.2');
    expect(await run.end).toBe(0);
    expect(run.out()).toContain('start completed after 1:12: 2 done\n');
    expect(control.requests).toMatchObject([{ action: 'start', selectors: ['zeoclient1.1', 'zeoclient1.2'], oldForm: true }]);
    expect(control.requests[0]?.by).toMatch(/^.+@.+$/);
  });

  it('prints JSON and nothing else on standard output', async () => {
    await seat.serve(createFakeControl({ failing: 'zeoclient1.2' }));
    const run = seat.type('start', '--json');
    expect(await run.end).toBe(1);
    const lines = run.out().trimEnd().split('\n');
    expect(lines.map((line) => (JSON.parse(line) as { type: string }).type).at(-1)).toBe('result');
  });

  it('carries the errors of the controller to the exit code and the screen', async () => {
    await seat.serve(createFakeControl());
    const run = seat.type('restart', 'zeoclient9');
    expect(await run.end).toBe(2);
    expect(run.err()).toBe('ctl: no service zeoclient9\n  → did you mean zeoclient1.1?\n'.replace('→', arrow()));
  });

  it('halts at Ctrl-C and goes on to the result, exit 130', async () => {
    const control = createFakeControl({ stuckOn: 'zeoclient1.2' });
    await seat.serve(control);
    const run = seat.type('restart');
    await eventually(() => run.out().includes('waiting for an HTTP answer'));
    run.child.kill('SIGINT');
    expect(await run.end).toBe(130);
    expect(control.calls).toContain('halt op-1 interrupted');
    expect(run.out()).toContain('restart INTERRUPTED');
  });

  it('detaches at SIGHUP: the controller is not asked to halt', async () => {
    const control = createFakeControl({ stuckOn: 'zeoclient1.2' });
    await seat.serve(control);
    const run = seat.type('restart');
    await eventually(() => run.out().includes('waiting for an HTTP answer'));
    run.child.kill('SIGHUP');
    expect(await run.end).toBe(130);
    expect(control.calls).not.toContain('halt op-1 interrupted');
    expect(run.err()).toContain('`ctl operations show op-1 --follow` shows it');
  });

  it('is exit 5 when the link is lost in mid-roll, and says where to look', async () => {
    const control = createFakeControl({ stuckOn: 'zeoclient1.2' });
    const server = await seat.serve(control);
    const run = seat.type('restart');
    await eventually(() => run.out().includes('waiting for an HTTP answer'));
    await server.stop();
    expect(await run.end).toBe(5);
    expect(run.err()).toContain('the controller goes on with op-1');
  });

  it('ends quietly when whoever reads its output has gone away', async () => {
    const control = createFakeControl({ stuckOn: 'zeoclient1.2' });
    await seat.serve(control);
    const run = seat.type('restart');
    await control.stuck;
    run.child.stdout?.destroy();
    run.child.kill('SIGINT');
    expect(await run.end).toBe(130);
    expect(run.err()).not.toContain('EPIPE');
  });

  it('says that its output could not be written, and is not well then', async () => {
    await seat.serve(createFakeControl());
    const shell = ['-c', 'exec "$0" "$@" >/dev/full', process.execPath, seat.program, 'check'];
    const full = await promisify(execFile)('/bin/sh', shell, { cwd: seat.folder, env: { HOME: seat.folder } }).catch(
      (error: unknown) => error,
    );
    expect(full).toMatchObject({ code: 5, stderr: expect.stringMatching(/^ctl: the output could not be written: ENOSPC/) as string });
  });
});

describe('a controller that is not there', () => {
  it('is exit 5 where nobody listens', async () => {
    const port = await seat.serveNobody();
    const run = seat.type('check');
    expect(await run.end).toBe(5);
    expect(run.err()).toContain(`ctl: no controller answers at 127.0.0.1:${port}\n`);
  });

  it('is exit 5 where somebody listens and never answers', async () => {
    const deaf = createServer(() => undefined);
    deafServers.push(deaf);
    await new Promise<void>((resolve) => deaf.listen(0, '127.0.0.1', resolve));
    const address = deaf.address();
    if (address === null || typeof address === 'string') throw new Error('no port');
    await writeFile(join(seat.folder, 'cluster.ini'), `[controller]\naddress = 127.0.0.1:${address.port}\n`);
    const run = seat.type('check', '--json');
    expect(await run.end).toBe(5);
    expect(JSON.parse(run.out())).toMatchObject({ exit: 5, error: { code: 'unreachable' } });
  });
});

it('config check works offline, with the code that only it needs', async () => {
  await writeFile(join(seat.folder, 'cluster.ini'), '[cluster]\nzeoclients = nobody\n');
  const run = seat.type('config', 'check', '--json');
  expect(await run.end).toBe(2);
  expect(JSON.parse(run.out())).toMatchObject({ action: 'config check', exit: 2 });
});

/** By the locale of whoever runs the tests. */
const arrow = () => (/utf-?8/i.test(process.env.LC_ALL ?? process.env.LC_CTYPE ?? process.env.LANG ?? '') ? '→' : '->');
