import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { AppError } from '../../../../shared/errors.js';
import { http } from '../../../../shared/ports/http.js';
import { answering, closedPort, page, serve } from '../../controller/checks/servers.js';

const limits = { timeoutMs: 5000, signal: new AbortController().signal };
const at = (server: { ip: string; port: number }, path = '/secret/path') => `http://${server.ip}:${server.port}${path}`;

describe('http', () => {
  it('gives status and size of a whole answer, and only as much of the body as was asked for', async () => {
    await using server = await serve(answering(page('0123456789')));
    expect(await http({ url: at(server), keepBytes: 4, ...limits })).toMatchObject({ status: 200, bytes: 10, body: '0123' });
    expect(await http({ url: at(server), ...limits })).toMatchObject({ status: 200, bytes: 10, body: '' });
  });

  it('asks for the connection to be closed, and closes it', async () => {
    await using server = await serve((socket) => socket.on('data', () => socket.write(page('ok'))));
    await http({ url: at(server), ...limits });
    await http({ url: at(server), ...limits });
    expect(server.connections()).toBe(2);
    expect(server.received().toLowerCase()).toContain('connection: close');
  });

  it('reads a body without a length up to the end of the connection, as old Zopes send it', async () => {
    await using server = await serve(answering('HTTP/1.0 200 OK\r\nContent-Type: text/html\r\n\r\n<p>home</p>'));
    expect(await http({ url: at(server), ...limits })).toMatchObject({ status: 200, bytes: 11 });
  });

  it('does not follow a redirect', async () => {
    await using server = await serve(answering(page('', '301 Moved Permanently', 'Location: /secret/path\r\n')));
    expect(await http({ url: at(server), ...limits })).toMatchObject({ status: 301 });
    expect(server.connections()).toBe(1);
  });

  it('asks over a unix socket', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'http-'));
    const server = createServer((request, response) =>
      response.end(`${request.method ?? ''} ${request.url ?? ''} ${request.headers.host ?? ''}`),
    );
    try {
      server.listen(join(folder, 'sock'));
      await once(server, 'listening');
      const answer = await http({
        url: 'http://pound/listener/0',
        socketPath: join(folder, 'sock'),
        method: 'PUT',
        keepBytes: 100,
        ...limits,
      });
      expect(answer.body).toBe('PUT /listener/0 pound');
    } finally {
      server.close();
      await rm(folder, { recursive: true });
    }
  });

  it.each([
    ['is cut in the body', 'HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nonly this'],
    ['is cut in the headers', 'HTTP/1.1 200 OK\r\nContent-Le'],
    ['is cut in a chunk', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nff\r\nonly this'],
    ['is no HTTP', '\x00\x00\x00\x02Z5'],
    ['is nothing', ''],
    ['has headers without end', `HTTP/1.1 200 OK\r\n${'X-Junk: yes\r\n'.repeat(10_000)}\r\n`],
  ])('fails when the answer %s', async (_, answer) => {
    await using server = await serve(answering(answer));
    const failed: unknown = await http({ url: at(server), ...limits }).catch((error: unknown) => error);
    expect(failed).toMatchObject({ code: 'failed' });
    expect((failed as AppError).message).toMatch(`GET http://${server.ip}:${server.port}: `);
  });

  it('fails when the connection is reset', async () => {
    await using server = await serve((socket) => socket.once('data', () => socket.resetAndDestroy()));
    await expect(http({ url: at(server), ...limits })).rejects.toMatchObject({ code: 'failed' });
  });

  it('calls a refused connection unreachable', async () => {
    const url = at({ ip: '127.0.0.1', port: await closedPort() });
    await expect(http({ url, ...limits })).rejects.toMatchObject({ code: 'unreachable' });
  });

  it.each([
    ['nothing is answered', () => undefined],
    ['the body never ends', (write: (text: string) => void) => write('HTTP/1.1 200 OK\r\n\r\n')],
    ['the body stalls', (write: (text: string) => void) => write('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nsome')],
  ])('ends with timeout when %s', async (what, begin) => {
    await using server = await serve((socket) =>
      socket.once('data', () => {
        begin((text) => socket.write(text));
        if (what === 'the body never ends') pourInto(socket);
      }),
    );
    await expect(http({ url: at(server), ...limits, timeoutMs: 200 })).rejects.toMatchObject({
      code: 'timeout',
      message: `GET http://${server.ip}:${server.port} took longer than 200 ms`,
    });
  });

  it('ends with the reason of its signal', async () => {
    const abort = new AbortController();
    const reason = new AppError('cancelled', 'enough');
    await using server = await serve((socket) => socket.once('data', () => abort.abort(reason)));
    await expect(http({ url: at(server), timeoutMs: 60_000, signal: abort.signal })).rejects.toBe(reason);
  });

  it('does not even connect when its signal was aborted before', async () => {
    const reason = new AppError('cancelled', 'enough');
    await using server = await serve(answering(page('ok')));
    await expect(http({ url: at(server), timeoutMs: 60_000, signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    expect(server.connections()).toBe(0);
  });
});

/** Writes for as long as the other side reads. */
function pourInto(socket: NodeJS.WritableStream & { readonly destroyed: boolean }): void {
  const more = () => {
    if (!socket.destroyed) socket.write('x'.repeat(1000), () => setImmediate(more));
  };
  more();
}
