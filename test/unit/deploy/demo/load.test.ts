import { createServer, type Server, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { startLoad, type LoadOptions, type LoadStats } from '../../../../deploy/demo/load.js';

const GOOD = 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello';

/** What a server does with its n-th request (from 1) of all. */
type Behaviour = (socket: Socket, n: number, onThisConnection: number) => void;

const servers: Server[] = [];
const sockets = new Set<Socket>();

afterEach(async () => {
  for (const socket of sockets) socket.destroy();
  await Promise.all(servers.splice(0).map((server) => new Promise((resolve) => server.close(resolve))));
});

async function serve(behave: Behaviour): Promise<{ url: string; seen: () => number; server: Server }> {
  let seen = 0;
  const server = createServer((socket) => {
    let here = 0;
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => sockets.delete(socket));
    socket.on('data', () => behave(socket, ++seen, ++here));
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return { url: `http://127.0.0.1:${address.port}/`, seen: () => seen, server };
}

/** Runs load until the server has seen `until` requests. */
async function runLoad(behave: Behaviour, options: Partial<LoadOptions> = {}, until = 10): Promise<LoadStats> {
  let enough: () => void = () => undefined;
  const reached = new Promise<void>((resolve) => (enough = resolve));
  const { url } = await serve((socket, n, here) => {
    behave(socket, n, here);
    if (n === until) enough();
  });
  const load = startLoad({ url, busy: 1, thinkMs: 1, ...options });
  await reached;
  return load.stop();
}

const faultOnThird =
  (fault: (socket: Socket) => void): Behaviour =>
  (socket, n) =>
    n === 3 ? fault(socket) : socket.write(GOOD);

describe('the load generator', () => {
  it('counts every request of a good server once and none as failed', async () => {
    let seen = 0;
    const stats = await runLoad((socket) => {
      seen++;
      socket.write(GOOD);
    });
    expect(stats).toMatchObject({ failed: 0, retried: 0, reconnected: 0, failures: [] });
    expect(stats.requests).toBe(seen);
    expect(stats.latencyMs?.max).toBeGreaterThan(0);
  });

  it.each<[string, (socket: Socket) => void, RegExp]>([
    ['an error status', (s) => s.write('HTTP/1.1 503 No\r\nContent-Length: 2\r\n\r\nno'), /^status 503$/],
    ['a not-found status', (s) => s.write('HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n'), /^status 404$/],
    [
      'an answer that is cut off by a proper close',
      (s) => s.end('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel'),
      /^the answer was cut off after 41 bytes: /,
    ],
    ['a head that is cut off', (s) => s.end('HTTP/1.1 200 OK\r\nCont'), /^the answer was cut off after 21 bytes: /],
    [
      'a chunked answer without its end',
      (s) => s.end('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n'),
      /^the answer was cut off /,
    ],
    ['garbage', (s) => s.write('SSH-2.0-nonsense\r\n\r\n'), /^not HTTP: "SSH-2.0-nonsense/],
    ['an answer that is longer than it says', (s) => s.write(`${GOOD}!`), /^1 bytes after the end of the answer$/],
  ])('counts %s as exactly one failure', async (_, fault, why) => {
    const stats = await runLoad(faultOnThird(fault));
    expect(stats.failures.map((f) => f.why)).toEqual([expect.stringMatching(why) as string]);
    expect(stats).toMatchObject({ failed: 1, retried: 0 });
  });

  it('counts a reset in the middle of an answer as one failure', async () => {
    const stats = await runLoad(
      faultOnThird((socket) => {
        socket.write('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel', () => setImmediate(() => socket.resetAndDestroy()));
      }),
    );
    expect(stats.failed).toBe(1);
  });

  it('counts a request without an answer in time as one failure', async () => {
    const stats = await runLoad(
      faultOnThird(() => undefined),
      { timeoutMs: 200 },
    );
    expect(stats.failures.map((f) => f.why)).toEqual(['no whole answer within 200 ms']);
    expect(stats.failed).toBe(1);
  });

  it('asks again on a new connection when a kept one closes as the request is on its way, and counts that apart', async () => {
    const stats = await runLoad(faultOnThird((socket) => socket.end()));
    expect(stats).toMatchObject({ failed: 0, retried: 1 });
  });

  it('does not forgive a second connection that closes unanswered', async () => {
    const stats = await runLoad((socket, n) => (n === 3 || n === 4 ? socket.end() : socket.write(GOOD)));
    expect(stats).toMatchObject({ failed: 1, retried: 1 });
    expect(stats.failures[0]?.why).toMatch(/^no answer: the server closed the connection after \d+ ms$/);
  });

  it('does not forgive a new connection that closes unanswered', async () => {
    const stats = await runLoad((socket, n) => (n === 1 ? socket.end() : socket.write(GOOD)));
    expect(stats).toMatchObject({ failed: 1, retried: 0 });
  });

  it('does not forgive a request that was held and then dropped', async () => {
    const stats = await runLoad(faultOnThird((socket) => setTimeout(() => socket.end(), 400)));
    expect(stats).toMatchObject({ failed: 1, retried: 0 });
  });

  it('opens a new connection after `Connection: close`, and that is no failure', async () => {
    const stats = await runLoad(
      faultOnThird((socket) => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello')),
    );
    expect(stats).toMatchObject({ failed: 0, retried: 0, reconnected: 1 });
  });

  it('opens a new connection after the server closed an idle one, and that is no failure', async () => {
    const stats = await runLoad(
      faultOnThird((socket) => socket.end(GOOD)),
      { thinkMs: 40 },
      6,
    );
    expect(stats).toMatchObject({ failed: 0, retried: 0, reconnected: 1 });
  });

  it('counts bytes that nobody asked for as a failure', async () => {
    const stats = await runLoad(
      faultOnThird((socket) => {
        socket.write(GOOD);
        setTimeout(() => socket.write('HTTP/1.1 408 late\r\n\r\n'), 5);
      }),
      { thinkMs: 150 },
      6,
    );
    expect(stats.failures.map((f) => f.why)).toEqual(['21 bytes that nobody had asked for']);
  });

  it('counts each refused connection', async () => {
    const { url, server } = await serve((socket) => socket.write(GOOD));
    await new Promise((resolve) => server.close(resolve));
    const load = startLoad({ url, busy: 3, thinkMs: 1 });
    await load.established;
    const stats = await load.stop();
    expect(stats.requests).toBe(stats.failed);
    expect(stats.failed).toBeGreaterThanOrEqual(3);
    expect(stats.failures[0]?.why).toMatch(/^no connection: connect ECONNREFUSED 127\.0\.0\.1:\d+$/);
  });

  it('takes the word of `judge` for the body', async () => {
    const stats = await runLoad(
      faultOnThird((socket) => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nbelow')),
      { judge: ({ body }) => (body.toString() === 'hello' ? null : `the body is ${body.toString()}`) },
    );
    expect(stats.failures.map((f) => f.why)).toEqual(['the body is below']);
  });

  it('reads chunked answers, also in single bytes, and answers that last until the close', async () => {
    const chunked = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n1;x=y\r\n!\r\n0\r\nTrailer: t\r\n\r\n';
    const bodies = new Set<string>();
    const stats = await runLoad(
      (socket, n) => {
        if (n === 1) for (const char of chunked) socket.write(char);
        else if (n === 2) socket.write(chunked);
        else if (n === 3) socket.end('HTTP/1.1 200 OK\r\n\r\nuntil the end');
        else socket.write(GOOD);
      },
      { judge: ({ body }) => (bodies.add(body.toString()), null) },
    );
    expect(stats.failed).toBe(0);
    expect([...bodies]).toEqual(['hello!', 'until the end', 'hello']);
  });
});

describe('the kinds of connections', () => {
  it('keeps an idle connection silent between its first and its last request', async () => {
    const connections = new Set<Socket>();
    const { url, seen } = await serve((socket) => {
      connections.add(socket);
      socket.write(GOOD);
    });
    const load = startLoad({ url, busy: 0, idle: 4 });
    await load.established;
    expect(seen()).toBe(4);
    const stats = await load.stop();
    expect(stats).toMatchObject({ requests: 8, failed: 0, reconnected: 0 });
    expect(connections.size).toBe(4);
  });

  it('notices at the end that an idle connection is answered badly', async () => {
    const { url } = await serve((socket, _, here) => socket.write(here === 2 ? 'HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n' : GOOD));
    const load = startLoad({ url, busy: 0, idle: 1 });
    await load.established;
    expect(await load.stop()).toMatchObject({ requests: 2, failed: 1 });
  });

  it('keeps one connection for each busy visitor and opens one for each request of a single one', async () => {
    const perConnection = new Map<Socket, number>();
    const count: Behaviour = (socket, _, here) => {
      perConnection.set(socket, here);
      socket.write(GOOD);
    };
    await runLoad(count, { busy: 2 }, 20);
    expect(perConnection.size).toBe(2);
    perConnection.clear();
    const stats = await runLoad(count, { busy: 0, single: 2 }, 20);
    expect(new Set(perConnection.values())).toEqual(new Set([1]));
    expect(stats).toMatchObject({ failed: 0, reconnected: 0 });
  });
});
