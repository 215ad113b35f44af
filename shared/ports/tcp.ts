import { connect, type Socket } from 'node:net';
import { linkSignals, reasonOf } from '../abort.js';
import { AppError, isErrno, messageOf } from '../errors.js';

export interface TcpTarget {
  readonly ip: string;
  readonly port: number;
}

export interface TcpConnection extends Disposable {
  readonly socket: Socket;
  /** From the call to the established connection. */
  readonly ms: number;
}

/**
 * One connection; disposing of it closes it, and it takes the socket down as well when `signal` aborts.
 * Errors: `unreachable` (refused, reset), `timeout`, `cancelled`, `failed`: nothing is known of the other side (no route, no
 * permission, no free descriptor here).
 */
export async function connectTcp(
  target: TcpTarget,
  options: { readonly timeoutMs: number; readonly signal: AbortSignal },
): Promise<TcpConnection> {
  const name = `${target.ip.includes(':') ? `[${target.ip}]` : target.ip}:${target.port}`;
  using linked = linkSignals([options.signal], options.timeoutMs, `connecting to ${name}`);
  if (linked.signal.aborted) throw reasonOf(linked.signal);
  const start = performance.now();
  const socket = connect({ host: target.ip, port: target.port });
  try {
    await established(socket, linked.signal);
  } catch (error) {
    socket.destroy();
    if (error instanceof AppError) throw error;
    const code = isErrno(error, ...UNMEASURABLE) ? 'failed' : 'unreachable';
    throw new AppError(code, `connecting to ${name}: ${describe(error)}`, { cause: error });
  }
  const onAbort = () => socket.destroy(reasonOf(options.signal));
  options.signal.addEventListener('abort', onAbort, { once: true });
  return {
    socket,
    ms: performance.now() - start,
    [Symbol.dispose]() {
      options.signal.removeEventListener('abort', onAbort);
      socket.destroy();
    },
  };
}

/** Failures of this side or of the way: they say nothing about the service. */
const UNMEASURABLE = [
  'ENETUNREACH',
  'EHOSTUNREACH',
  'ENETDOWN',
  'EADDRNOTAVAIL',
  'EACCES',
  'EPERM',
  'EMFILE',
  'ENFILE',
  'ENOBUFS',
  'ENOMEM',
  'ENOTFOUND',
  'EAI_AGAIN',
];

/** True for a failure to connect after which nothing is known of the other side. */
export const saysNothingOfTheOtherSide = (error: unknown): boolean => isErrno(error, ...UNMEASURABLE);

function established(socket: Socket, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const onAbort = () => reject(reasonOf(signal));
    const settle = (done: () => void) => {
      signal.removeEventListener('abort', onAbort);
      done();
    };
    signal.addEventListener('abort', onAbort, { once: true });
    socket.once('connect', () => settle(resolve));
    // Stays for the life of the socket: a late reset must not become an uncaught exception (who reads the socket gets it as well).
    socket.on('error', (error) => settle(() => reject(error)));
  });
}

const describe = (error: unknown): string => {
  if (isErrno(error, 'ECONNREFUSED')) return 'connection refused';
  if (isErrno(error, 'ECONNRESET')) return 'connection reset';
  if (isErrno(error, 'ENETUNREACH', 'EHOSTUNREACH')) return 'no route';
  return messageOf(error);
};
