import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { Socket } from 'node:net';
import { Server, type TLSSocket } from 'node:tls';
import type { Log } from '../log.js';
import { identityOfNames } from '../pki/certificate.js';
import { systemClock } from '../ports/clock.js';
import { createRepeats, moreOf } from '../repeats.js';
import { createCrowd } from './crowd.js';

/**
 * What happens below gRPC, which tells nobody of it: connections without TLS, and certificates that were not accepted. And how many
 * connections there may be (crowd.ts).
 */
export interface TlsWatch {
  /** Why the certificate of the connection from `peer` (ip:port) was not accepted; null: it showed none, or a good one. */
  refusalOf(peer: string): string | null;
  stop(): void;
}

/**
 * Watches the TLS server that listens on `port()` of this process. gRPC does not give it out, node does, with each connection. Should it
 * not, the lines in the log, the reason and the limits are lost, which a test would tell: who is let in, is judged elsewhere.
 */
export function watchTls({ log }: { readonly log: Log }, port: () => number | null): TlsWatch {
  const known = new WeakSet<Server>();
  const refusals = new Map<string, string>();
  const repeats = createRepeats(systemClock, (others) => log.warn({ others }, `${others} more connections were refused, of many others`));
  const crowd = createCrowd((address, why) => tell({ peer: address }, `a connection from ${address} was closed: ${why}`));
  subscribe(ACCEPTED, onSocket);

  return {
    refusalOf: (peer) => refusals.get(peer) ?? null,
    stop() {
      unsubscribe(ACCEPTED, onSocket);
      repeats.stop();
    },
  };

  function onSocket(message: unknown): void {
    const { socket } = message as { readonly socket: Socket & { readonly server?: unknown } };
    if (socket.localPort !== port() || !(socket.server instanceof Server)) return;
    crowd.enter(socket);
    if (known.has(socket.server)) return;
    known.add(socket.server);
    socket.server.on('tlsClientError', (error, { remoteAddress }) => onFailure(error, remoteAddress));
    socket.server.on('secureConnection', onSecure);
  }

  function onFailure(error: Error, address = 'somebody'): void {
    const code = 'code' in error ? String(error.code) : error.message;
    tell({ peer: address, code }, `a connection from ${address} was refused: ${FAILURES[code] ?? code}`);
  }

  function onSecure(socket: TLSSocket): void {
    // The types say Error; it is the code of OpenSSL.
    const code = socket.authorizationError as unknown as string | null;
    const certificate = socket.getPeerCertificate();
    // It stays as long as the connection, and is asked for with each call: read anew each time, it costs more than the rest of the call.
    Object.defineProperty(socket, 'getPeerCertificate', { value: () => certificate });
    const { subject, raw } = certificate as { subject?: { CN?: unknown }; raw?: Buffer };
    if (raw === undefined) return;
    if (code === null) {
      const identity = identityOfNames(certificate.subjectaltname);
      if (identity !== null && identity.kind !== 'controller') crowd.recognize(socket, `of ${identity.kind} ${identity.name}`);
      return;
    }
    const { remoteAddress = 'somebody', remotePort } = socket;
    const peer = `${remoteAddress}:${remotePort ?? ''}`;
    const why = REFUSALS[code] ?? code;
    refusals.set(peer, why);
    socket.once('close', () => refusals.delete(peer));
    const name = typeof subject?.CN === 'string' ? subject.CN.slice(0, 64) : '';
    tell({ peer, code, name }, `the certificate of ${remoteAddress} was not accepted: ${why}`);
  }

  function tell(facts: Readonly<Record<string, unknown>>, text: string): void {
    repeats.tell(text, (more) => log.warn(facts, `${text}${moreOf(more)}`));
  }
}

/** Published by node for each connection that a server accepts. */
const ACCEPTED = 'net.server.socket';

const FAILURES: Readonly<Record<string, string>> = {
  ERR_SSL_WRONG_VERSION_NUMBER: 'it does not speak TLS',
  ERR_SSL_HTTP_REQUEST: 'it does not speak TLS',
  ERR_SSL_UNSUPPORTED_PROTOCOL: 'it does not speak TLS 1.3',
  ERR_TLS_HANDSHAKE_TIMEOUT: 'it did not finish the handshake in time',
  ECONNRESET: 'it went away during the handshake',
};

/** By what OpenSSL says of a client's certificate. */
const REFUSALS: Readonly<Record<string, string>> = {
  CERT_HAS_EXPIRED: 'it has expired',
  CERT_NOT_YET_VALID: 'it is not valid yet',
  UNABLE_TO_GET_ISSUER_CERT: 'it is by another authority',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'it is by another authority',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'it is by another authority',
  SELF_SIGNED_CERT_IN_CHAIN: 'it is by another authority',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'it is by nobody but itself',
  CERT_SIGNATURE_FAILURE: 'its signature is wrong',
  INVALID_PURPOSE: 'it is not one of an agent or an operator',
};
