import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createHaproxySocket } from '../../../../agent/balancers/haproxy-socket.js';
import { AppError } from '../../../../shared/errors.js';

describe('the stats socket', () => {
  let folder: string;
  let path: string;
  let server: Server | null = null;
  const sockets = new Set<Socket>();
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'ctl-stats-'));
    path = join(folder, 'stats.sock');
  });
  afterEach(async () => {
    for (const socket of sockets) socket.destroy();
    sockets.clear();
    await new Promise<void>((resolve) => (server === null ? resolve() : server.close(() => resolve())));
    server = null;
    await rm(folder, { recursive: true, force: true });
  });
  const serve = (answer: (socket: Socket, line: string) => void) =>
    new Promise<void>((resolve) => {
      server = createServer((socket) => {
        sockets.add(socket);
        socket.once('data', (line) => answer(socket, line.toString()));
        socket.on('error', () => undefined);
      });
      server.listen(path, resolve);
    });
  const options = (timeoutMs = 10_000) => ({ signal: new AbortController().signal, timeoutMs });

  it('gets the answers to all commands of a line, in pieces as they come', async () => {
    await serve((socket, line) => {
      socket.write(`you said ${line}`);
      setImmediate(() => socket.end('and more\n'));
    });
    expect(await createHaproxySocket(path).ask(['show info', 'show stat'], options())).toBe('you said show info;show stat\nand more\n');
  });

  it('a socket that says nothing is a timeout that names it', async () => {
    await serve(() => undefined);
    await expect(createHaproxySocket(path).ask(['show info'], options(100))).rejects.toMatchObject({
      code: 'timeout',
      message: `HAProxy's stats socket ${path} did not answer within 100 ms`,
    });
  });

  it('gives up with the reason of its signal', async () => {
    await serve(() => undefined);
    const abort = new AbortController();
    const asked = createHaproxySocket(path).ask(['show info'], { signal: abort.signal, timeoutMs: 10_000 });
    abort.abort(new AppError('cancelled', 'enough'));
    await expect(asked).rejects.toMatchObject({ code: 'cancelled', message: 'enough' });
    await expect(createHaproxySocket(path).ask(['x'], { signal: abort.signal, timeoutMs: 10_000 })).rejects.toMatchObject({
      message: 'enough',
    });
  });

  it('nobody there, and a file that is no socket, are unreachable', async () => {
    const wrong = { code: 'unreachable', message: `nobody answers on HAProxy's stats socket ${path}` };
    await expect(createHaproxySocket(path).ask(['show info'], options())).rejects.toMatchObject(wrong);
    await writeFile(path, '');
    await expect(createHaproxySocket(path).ask(['show info'], options())).rejects.toMatchObject(wrong);
  });

  it('a refusal is denied, with the line to write', async () => {
    await serve((socket) => socket.end('Permission denied\n\n'));
    await expect(createHaproxySocket(path).ask(['set server a/b state maint'], options())).rejects.toMatchObject({
      code: 'denied',
      message: `HAProxy's stats socket ${path} does not allow "set server a/b state maint"`,
    });
  });
});
