import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { ServerHttp2Session } from 'node:http2';
import { Server, Socket } from 'node:net';
import { messageOf } from '../errors.js';
import type { Log } from '../log.js';

/**
 * Watches the port of a server: there are never more than `MAX_CONNECTIONS`, and what comes and is no connection of ours (other
 * programs, scanners, TLS older than ours) is told in the log, seldom enough not to fill it. grpc-js keeps its servers to itself and
 * tells nobody of it, so they are found by what node says of each connection.
 */
export function guardListener({ log }: { readonly log: Log }, port: number): Disposable {
  const guarded = new WeakSet<Server>();
  const seldom = createSeldom();
  const refuse = (from: string | undefined, why: string) => {
    const unmentioned = seldom(performance.now());
    if (unmentioned === null) return;
    log.warn({ from: from ?? null, why, unmentioned }, `a connection${from === undefined ? '' : ` from ${from}`} was refused: ${why}`);
  };
  const onConnection = (message: unknown) => {
    const server = serverOf(message);
    if (server === null || guarded.has(server) || portOf(server) !== port) return;
    guarded.add(server);
    guard(server, refuse);
  };
  subscribe(CONNECTIONS, onConnection);
  return { [Symbol.dispose]: () => void unsubscribe(CONNECTIONS, onConnection) };
}

/** Far more than any cluster has agents; each may hold some 50 kB while it says nothing. */
const MAX_CONNECTIONS = 2_000;
const CONNECTIONS = 'net.server.socket';

type Refuse = (from: string | undefined, why: string) => void;

function guard(server: Server, refuse: Refuse): void {
  server.maxConnections = MAX_CONNECTIONS;
  server.on('drop', (dropped?: { readonly remoteAddress?: string }) => {
    refuse(dropped?.remoteAddress, `there are ${MAX_CONNECTIONS} already`);
  });
  server.on('tlsClientError', (error: Error, socket: Socket) => refuse(socket.remoteAddress, whyNoTls(error)));
  server.on('unknownProtocol', (socket: Socket) => refuse(socket.remoteAddress, 'it speaks TLS, but is no client of ours'));
  // Its own end is too late to be asked where it came from.
  server.on('session', (session: ServerHttp2Session) => {
    const from = session.socket.remoteAddress;
    session.on('error', (error) => refuse(from, messageOf(error)));
  });
}

function whyNoTls(error: Error): string {
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  return REASONS[code] ?? `no TLS: ${messageOf(error).split(':').slice(-2)[0] ?? code}`;
}

const REASONS: Readonly<Record<string, string>> = {
  ERR_SSL_HTTP_REQUEST: 'it speaks HTTP without TLS',
  ERR_SSL_WRONG_VERSION_NUMBER: 'what it sends is no TLS',
  ERR_SSL_UNSUPPORTED_PROTOCOL: 'it speaks a TLS older than 1.3',
  ERR_TLS_HANDSHAKE_TIMEOUT: 'it opened a connection and said nothing',
  ECONNRESET: 'it broke off the TLS handshake',
};

/** At most five in ten seconds are mentioned; answers how many were not since the last one, null for one that is not to be. */
function createSeldom(): (nowMs: number) => number | null {
  let windowFrom = -Infinity;
  let mentioned = 0;
  let unmentioned = 0;
  return (nowMs) => {
    if (nowMs - windowFrom >= WINDOW_MS) {
      windowFrom = nowMs;
      mentioned = 0;
    }
    if (mentioned >= MENTIONED_PER_WINDOW) {
      unmentioned++;
      return null;
    }
    mentioned++;
    const before = unmentioned;
    unmentioned = 0;
    return before;
  };
}

const WINDOW_MS = 10_000;
const MENTIONED_PER_WINDOW = 5;

/** node says which server a connection came to, though its types do not. */
function serverOf(message: unknown): Server | null {
  if (typeof message !== 'object' || message === null || !('socket' in message)) return null;
  const { socket } = message;
  return socket instanceof Socket && 'server' in socket && socket.server instanceof Server ? socket.server : null;
}

function portOf(server: Server): number | null {
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : null;
}
