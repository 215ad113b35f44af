import type { Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import { frame } from '../../../../shared/probes/frames.js';
import { probeZeo } from '../../../../shared/probes/zeo.js';
import { AppError } from '../../../../shared/errors.js';
import { fakeClock, never } from '../../controller/checks/fixtures.js';
import { closedPort, serve } from '../../controller/checks/servers.js';

const limits = { clock: fakeClock(), connectTimeoutMs: 5000, timeoutMs: 5000, signal: never };
const short = { ...limits, timeoutMs: 150 };
const STATUS = { '1': { connections: 3, waiting: 0, lock_time: null, 'timeout-thread-is-alive': 'stub', 'last-transaction': '03' } };

/** A ZEO server: greets, and answers `ruok` and nothing else. */
const zeo =
  (greeting: string, status: unknown = STATUS) =>
  (socket: Socket) => {
    socket.write(frame(greeting));
    socket.on('data', (chunk) => {
      if (chunk.equals(frame('ruok'))) socket.end(frame(JSON.stringify(status)));
    });
  };

describe('probeZeo', () => {
  it.each(['Z4', 'Z5', 'M5', 'Z6', 'M12'])('asks a server that greets with %s how it is', async (greeting) => {
    await using server = await serve(zeo(greeting));
    expect(await probeZeo(server, limits)).toMatchObject({
      ok: true,
      greeting,
      storages: [{ name: '1', connections: 3, waiting: 0 }],
      warnings: [],
    });
    expect(server.received()).toBe('\0\0\0\x04ruok');
  });

  it.each(['Z200', 'Z308', 'Z310', 'Z3101'])('sends nothing to an older server, which greets with %s', async (greeting) => {
    await using server = await serve(zeo(greeting));
    expect(await probeZeo(server, limits)).toMatchObject({ ok: true, greeting, storages: [], warnings: [] });
    expect(server.received()).toBe('');
  });

  it('understands a server that sends byte by byte', async () => {
    await using server = await serve((socket) => {
      const bytes = [...frame('Z5'), ...frame(JSON.stringify(STATUS))];
      const next = () => {
        const byte = bytes.shift();
        if (byte !== undefined) socket.write(Buffer.from([byte]), () => setImmediate(next));
      };
      socket.setNoDelay(true);
      next();
    });
    expect(await probeZeo(server, limits)).toMatchObject({ ok: true, storages: [{ name: '1' }] });
  });

  it('passes on what the server warns of', async () => {
    await using server = await serve(zeo('Z5', { main: { connections: 1, waiting: 2, lock_time: null } }));
    expect(await probeZeo(server, limits)).toMatchObject({ ok: true, warnings: ['storage main: 2 waiting for the commit lock'] });
  });

  it('says what a server that hangs was to send', async () => {
    await using mute = await serve(() => undefined);
    expect(await probeZeo(mute, short)).toMatchObject({
      ok: false,
      fault: 'late',
      why: `127.0.0.1:${mute.port} accepted the connection, then did not send a greeting within 150 ms`,
    });
    await using hung = await serve((socket) => socket.write(frame('Z5')));
    expect(await probeZeo(hung, { ...limits, timeoutMs: 1000 })).toMatchObject({
      ok: false,
      fault: 'late',
      why: `127.0.0.1:${hung.port} accepted the connection, then did not send an answer to ruok within 1000 ms`,
    });
  });

  it.each([
    [
      'another program',
      (s: Socket) => s.write('SSH-2.0-OpenSSH_9.2\r\n'),
      'did not greet like a ZEO server: announced a frame of 1397966893 bytes, at most 64 were expected',
    ],
    ['another greeting', (s: Socket) => s.write(frame('hello')), 'did not greet like a ZEO server, but with "hello"'],
    ['a closed connection', (s: Socket) => s.end(), 'closed the connection instead of greeting'],
    ['half a greeting', (s: Socket) => s.end('\0\0\0\x04Z3'), 'did not greet like a ZEO server: closed after 2 of the 4 bytes of a frame'],
    [
      'no answer to ruok',
      (s: Socket) => s.write(frame('Z5')) && s.once('data', () => s.end()),
      'closed the connection instead of answering ruok',
    ],
    [
      'a huge answer',
      (s: Socket) => s.write(frame('Z5')) && s.write(Buffer.from([0x7f, 0xff, 0xff, 0xff])),
      'announced a frame of 2147483647 bytes, at most 4194304 were expected',
    ],
    [
      'an answer that is no JSON',
      (s: Socket) => s.write(frame('Z5')) && s.end(frame('imok')),
      'answered ruok with something that is no JSON: "imok"',
    ],
    [
      'an answer of another shape',
      (s: Socket) => s.write(frame('Z5')) && s.end(frame('[1]')),
      'answered ruok with something else than the state of its storages: "[1]"',
    ],
  ])('is an error with %s', async (_, behave, why) => {
    await using server = await serve((socket) => void behave(socket));
    expect(await probeZeo(server, limits)).toMatchObject({ ok: false, fault: 'error', why: `127.0.0.1:${server.port} ${why}` });
  });

  it('is an error when the connection is reset', async () => {
    await using server = await serve((socket) => {
      socket.write(frame('Z5'));
      socket.once('data', () => socket.resetAndDestroy());
    });
    expect(await probeZeo(server, limits)).toMatchObject({ ok: false, fault: 'error', why: `127.0.0.1:${server.port} read ECONNRESET` });
  });

  it('tells no connection, and no way to measure, from an error', async () => {
    const port = await closedPort();
    expect(await probeZeo({ ip: '127.0.0.1', port }, limits)).toEqual({
      ok: false,
      fault: 'no-connection',
      connectMs: null,
      why: `connecting to 127.0.0.1:${port}: connection refused`,
    });
    expect(await probeZeo({ ip: '127.255.255.255', port: 9 }, limits)).toMatchObject({ ok: false, fault: 'unmeasurable', connectMs: null });
  });

  it('rejects with the reason of its signal', async () => {
    const reason = new AppError('cancelled', 'enough');
    const abort = new AbortController();
    await using server = await serve((socket) => {
      socket.write(frame('Z5'));
      socket.once('data', () => abort.abort(reason));
    });
    await expect(probeZeo(server, { ...limits, signal: abort.signal })).rejects.toBe(reason);
  });
});
