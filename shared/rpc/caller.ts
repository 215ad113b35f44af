import type { PeerCertificate } from 'node:tls';
import { type Metadata as GrpcMetadata, ServerInterceptingCall, type ServerInterceptor } from '@grpc/grpc-js';
import type { ServerMiddleware } from 'nice-grpc-common';
import { linkSignals, reasonOf } from '../abort.js';
import type { AppError } from '../errors.js';
import type { Caller } from '../model/identity.js';
import { identityOfNames } from '../pki/certificate.js';

/** What a handler knows of who calls. */
export interface CallerContext {
  readonly caller: Caller;
}

/**
 * Says whether `caller` may make this call (`/ctl.v1.Control/Run`): throws `denied`, or answers a signal that aborts, with the reason, when
 * he may not any more.
 */
export type Admit = (caller: Caller, path: string) => AbortSignal;

/** A call that was not admitted. */
export interface RefusedCall {
  readonly caller: Caller;
  /** `ADDRESS:PORT`. */
  readonly peer: string;
  /** `/ctl.v1.Control/Run`. */
  readonly path: string;
  readonly error: AppError;
}

/** Only written by us: whatever a client sends under this name is thrown away. */
export const CALLER = 'ctl-caller';

/** Takes the caller from the verified certificate of the connection, and from nothing that he says. */
export const callerInterceptor: ServerInterceptor = (_, call) =>
  new ServerInterceptingCall(call, {
    start: (next) =>
      next({
        onReceiveMetadata(metadata: GrpcMetadata, proceed) {
          metadata.remove(CALLER);
          const certificate = call.getAuthContext().sslPeerCertificate;
          const written = certificate === undefined ? null : writtenOf(certificate);
          if (written !== null) metadata.set(CALLER, written);
          proceed(metadata);
        },
      }),
  });

/** By certificate: a connection has one for its life, and many calls. */
const known = new WeakMap<PeerCertificate, string | null>();

function writtenOf(certificate: PeerCertificate): string | null {
  const found = known.get(certificate);
  if (found !== undefined) return found;
  const identity = identityOfNames(certificate.subjectaltname);
  const caller: Caller | null =
    identity === null || identity.kind === 'controller'
      ? null
      : { ...identity, serial: certificate.serialNumber, expiresAt: Date.parse(certificate.valid_to) };
  const written = caller === null ? null : JSON.stringify(caller);
  known.set(certificate, written);
  return written;
}

/** Gives each handler its caller, and ends the call when he may not make it any more. `refusalOf`: why a certificate was not accepted. */
export function admitCallers(admit: Admit, refusalOf: (peer: string) => string | null): ServerMiddleware<CallerContext> {
  return async function* (call, context) {
    const caller = callerOf(context.metadata.get(CALLER), context.peer, refusalOf);
    const admitted = admit(caller, call.method.path);
    using linked = linkSignals([context.signal, admitted]);
    try {
      return yield* call.next(call.request, { ...context, signal: linked.signal, caller });
    } catch (error) {
      throw admitted.aborted ? reasonOf(admitted) : error;
    }
  };
}

/** Without certificates whoever gets here is on this host: file modes of the socket, or the loopback address, decide who does. */
export function localCallers(): ServerMiddleware<CallerContext> {
  const caller: Caller = { kind: 'local' };
  return async function* (call, context) {
    return yield* call.next(call.request, { ...context, caller });
  };
}

/** By what stands under `CALLER` in the metadata: our interceptor wrote it. */
export const callerOf = (written: unknown, peer: string, refusalOf: (peer: string) => string | null): Caller =>
  typeof written === 'string' ? (JSON.parse(written) as Caller) : { kind: 'anonymous', why: refusalOf(peer) };
