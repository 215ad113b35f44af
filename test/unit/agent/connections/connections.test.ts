import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createConnections } from '../../../../agent/connections/index.js';
import { AppError } from '../../../../shared/errors.js';
import { exec, type Exec } from '../../../../shared/ports/exec.js';

describe('connections to a real server', () => {
  const { signal } = new AbortController();
  const open: Socket[] = [];
  let server: Server;
  let port: number;
  let answer: ((response: ServerResponse) => void) | null = null;
  let waiting: ServerResponse[] = [];
  beforeEach(async () => {
    waiting = [];
    answer = (response) => void response.end('hello');
    server = createServer((_request, response) => (answer === null ? void waiting.push(response) : answer(response)));
    server.keepAliveTimeout = 0;
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    port = (server.address() as AddressInfo).port;
  });
  afterEach(async () => {
    for (const socket of open.splice(0)) socket.destroy();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });

  const dial = async () => {
    const socket = connect(port, '127.0.0.1');
    open.push(socket);
    await once(socket, 'connect');
    return socket;
  };
  const ask = (socket: Socket) => socket.write('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n');
  const see = async (by: Exec = exec, ip = '127.0.0.1') => {
    const seen = await createConnections(by)({ ip, port }, signal);
    return seen.ok ? seen.connections : expect.fail(seen.why);
  };
  const noSs: Exec = () => Promise.reject(new AppError('failed', 'ss: no such program'));

  it('sees no connection where there is none', async () => {
    expect(await see()).toEqual([]);
  });

  it('sees an idle keep-alive connection as answered', async () => {
    const socket = await dial();
    for (let request = 0; request < 3; request++) {
      ask(socket);
      await once(socket, 'data');
    }
    await expect.poll(see, { timeout: 5_000 }).toMatchObject([{ peer: `127.0.0.1:${socket.localPort ?? 0}`, pending: false }]);
  });

  it('sees a request without its answer as pending until the answer is there', async () => {
    const socket = await dial();
    ask(socket);
    await once(socket, 'data');
    answer = null;
    ask(socket);
    await expect.poll(() => waiting.length).toBe(1);
    expect(await see()).toMatchObject([{ pending: true }]);
    waiting[0]?.end('late');
    await once(socket, 'data');
    await expect.poll(see, { timeout: 5_000 }).toMatchObject([{ pending: false }]);
  });

  it('hears an answer that comes in pieces', async () => {
    answer = null;
    const socket = await dial();
    ask(socket);
    await expect.poll(() => waiting.length).toBe(1);
    const quiet = async () => (await see())[0]?.silentMs ?? -1;
    await expect.poll(quiet, { timeout: 5_000 }).toBeGreaterThan(500);
    waiting[0]?.write('piece');
    await once(socket, 'data');
    expect(await quiet()).toBeLessThan(500);
  });

  it('takes no connection for silent or answered where there is no ss', async () => {
    const socket = await dial();
    expect(await see(noSs)).toEqual([{ peer: `127.0.0.1:${socket.localPort ?? 0}`, silentMs: null, pending: true }]);
  });

  it('sees nothing of a service with the same port on another address of this host', async () => {
    await dial();
    expect(await see(exec, '127.0.0.2')).toEqual([]);
    expect(await see(noSs, '127.0.0.2')).toEqual([]);
  });

  it('goes by the port alone for an address that this host does not know', async () => {
    await dial();
    expect(await see(exec, '192.0.2.1')).toHaveLength(1);
  });

  it('says why nothing is known when ss talks nonsense', async () => {
    const nonsense: Exec = () => Promise.resolve({ code: 0, signal: null, stdout: 'nonsense\n', stderr: '', truncated: false });
    expect(await createConnections(nonsense)({ ip: '127.0.0.1', port }, signal)).toEqual({
      ok: false,
      why: `connections to port ${port} cannot be read: not a line of ss: nonsense`,
    });
  });
});
