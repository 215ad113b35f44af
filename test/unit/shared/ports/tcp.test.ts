import type { Socket } from 'node:net';
import { describe, expect, it, vi } from 'vitest';
import { AppError } from '../../../../shared/errors.js';
import { connectTcp, saysNothingOfTheOtherSide } from '../../../../shared/ports/tcp.js';
import { closedPort, serve } from '../../controller/checks/servers.js';
import { deafListener } from './deaf-listener.js';

const options = { timeoutMs: 5000, signal: new AbortController().signal };

describe('connectTcp', () => {
  it('gives an open connection, and closes it when it is disposed of', async () => {
    const served: Socket[] = [];
    await using server = await serve((socket) => served.push(socket));
    {
      using connection = await connectTcp(server, options);
      expect(connection.socket.readyState).toBe('open');
      await vi.waitFor(() => expect(served).toHaveLength(1));
    }
    await vi.waitFor(() => expect(served[0]?.destroyed).toBe(true));
  });

  it('connects to an IPv6 address', async () => {
    await using server = await serve(() => undefined, '::1');
    using connection = await connectTcp(server, options);
    expect(connection.ms).toBeGreaterThanOrEqual(0);
  });

  it('calls a refused connection unreachable', async () => {
    const port = await closedPort();
    await expect(connectTcp({ ip: '127.0.0.1', port }, options)).rejects.toMatchObject({
      code: 'unreachable',
      message: `connecting to 127.0.0.1:${port}: connection refused`,
    });
  });

  it('writes an IPv6 address in brackets', async () => {
    const port = await closedPort();
    await expect(connectTcp({ ip: '::1', port }, options)).rejects.toThrow(`connecting to [::1]:${port}: connection refused`);
  });

  it('ends with timeout where nobody answers at all', async () => {
    await using deaf = await deafListener();
    await expect(connectTcp(deaf, { ...options, timeoutMs: 150 })).rejects.toMatchObject({
      code: 'timeout',
      message: `connecting to 127.0.0.1:${deaf.port} took longer than 150 ms`,
    });
  });

  it('does not blame the other side when there is no route to it', async () => {
    // A broadcast address: the kernel refuses it with ENETUNREACH, and nothing leaves this host.
    const failed: unknown = await connectTcp({ ip: '127.255.255.255', port: 9 }, options).catch((error: unknown) => error);
    expect(failed).toMatchObject({ code: 'failed', message: 'connecting to 127.255.255.255:9: no route' });
    expect(failed instanceof AppError && saysNothingOfTheOtherSide(failed.cause)).toBe(true);
  });

  it('ends with the reason of its signal, before and while it connects', async () => {
    const reason = new AppError('cancelled', 'enough');
    await expect(connectTcp({ ip: '127.0.0.1', port: 1 }, { timeoutMs: 1000, signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    await using deaf = await deafListener();
    const abort = new AbortController();
    const connecting = connectTcp(deaf, { timeoutMs: 60_000, signal: abort.signal });
    abort.abort(reason);
    await expect(connecting).rejects.toBe(reason);
  });

  it('takes an open connection down when its signal aborts', async () => {
    await using server = await serve(() => undefined);
    const abort = new AbortController();
    using connection = await connectTcp(server, { timeoutMs: 5000, signal: abort.signal });
    const closed = closeOf(connection.socket);
    abort.abort(new AppError('cancelled', 'enough'));
    await closed;
    expect(connection.socket.destroyed).toBe(true);
  });

  it('survives a reset that comes when nobody reads', async () => {
    await using server = await serve((socket) => socket.once('data', () => socket.resetAndDestroy()));
    using connection = await connectTcp(server, options);
    const closed = closeOf(connection.socket);
    connection.socket.write('anything');
    await closed;
    expect(connection.socket.errored).toMatchObject({ code: 'ECONNRESET' });
  });
});

/** Unlike `once` of node:events it does not reject on an error before. */
const closeOf = (socket: Socket) => new Promise((resolve) => socket.once('close', resolve));
