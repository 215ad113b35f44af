import { setMaxListeners } from 'node:events';
import { ServerCredentials } from '@grpc/grpc-js';
import { createServer, type Server } from 'nice-grpc';
import { AppError, messageOf, toAppError } from '../errors.js';
import type { Log } from '../log.js';
import type { Certified } from '../pki/certificate.js';
import { atMost } from '../ports/clock.js';
import { type Address, formatAddress } from './address.js';
import { admitCallers, callerInterceptor, type CallerContext, localCallers, type Admit, type RefusedCall } from './caller.js';
import { createGate } from './gate.js';
import { answerErrors } from './handler.js';
import { SERVER_OPTIONS } from './limits.js';
import type { RpcService } from './service.js';
import { listenTargets } from './target.js';
import { createTlsServer } from './tls-server.js';
import { type TlsWatch, watchTls } from './tls-watch.js';
import { claimSocket, type SocketPlace } from './unix-socket.js';

export interface RpcServer {
  /** Rejects with `conflict` if somebody else listens there, `config` if it is no address of this host. */
  start(): Promise<void>;
  /** Where clients reach it; the port is the real one once it has started. */
  address(): Address;
  /** Ends the streams, lets running calls finish for at most `stopMs`, then cuts what is left. Idempotent. */
  stop(): Promise<void>;
}

export interface RpcServerOptions {
  readonly address: Address;
  readonly services: readonly RpcService[];
  /** With it only TLS is spoken; never over a unix socket. Without it only on this host, by whoever can reach the address. */
  readonly certified?: ServerCertificates | undefined;
  readonly stopMs?: number;
}

/** By what a server proves itself, and whom it serves. */
export interface ServerCertificates {
  current(): Certified;
  /** Tells of every new one. */
  subscribe(listener: (certified: Certified) => void): void;
  readonly admit: Admit;
  /** Told of each call that is not admitted. */
  readonly refused: (call: RefusedCall) => void;
}

export function createRpcServer({ log }: { readonly log: Log }, options: RpcServerOptions): RpcServer {
  const { services, stopMs = 3_000 } = options;
  const closing = new AbortController();
  // One for each stream.
  setMaxListeners(0, closing.signal);
  let address = options.address;
  let server: Server | undefined;
  let place: SocketPlace | undefined;
  let watch: TlsWatch | undefined;
  let stopped: Promise<void> | undefined;

  return {
    async start() {
      const { certified } = options;
      if (certified !== undefined) watch = watchTls({ log }, () => (address.kind === 'tcp' ? address.port : null));
      const targets = await listenTargets(options.address, certified !== undefined);
      const refusalOf = (peer: string) => watch?.refusalOf(peer) ?? null;
      const gates = certified === undefined ? [] : [createGate({ ...certified, refusalOf })];
      const listening = createServer({ ...SERVER_OPTIONS, interceptors: [callerInterceptor, ...gates] })
        .use(answerErrors({ log, closing: closing.signal }))
        .use(certified === undefined ? localCallers() : admitCallers(certified.admit, refusalOf));
      for (const service of services) service.addTo(listening);
      if (options.address.kind === 'unix') place = await claimSocket(options.address.path);
      try {
        const port = await listenOn(listening, place === undefined ? targets : [`unix:${place.temporaryPath}`], credentialsOf(certified));
        server = listening;
        if (address.kind === 'tcp') address = { ...address, port };
        await place?.publish();
      } catch (error) {
        await stop();
        throw bindError(error, options.address);
      }
      log.info({ address: formatAddress(address) }, 'listening');
    },
    address: () => address,
    stop: () => (stopped ??= stop()),
  };

  async function stop(): Promise<void> {
    closing.abort(new AppError('unreachable', 'the controller is stopping'));
    watch?.stop();
    await place?.remove();
    if (server === undefined) return;
    const finished = server.shutdown();
    await atMost(stopMs, finished);
    server.forceShutdown();
    // grpc-js waits for ever for a session whose peer went away without a word.
    await atMost(FORCED_MS, finished);
  }
}

/** On the first of them that this host can. */
async function listenOn(server: Server<CallerContext>, targets: readonly string[], credentials: ServerCredentials): Promise<number> {
  const [target = '', ...others] = targets;
  try {
    return await server.listen(target, credentials);
  } catch (error) {
    if (others.length === 0 || !/EAFNOSUPPORT|EADDRNOTAVAIL/.test(messageOf(error))) throw error;
    return listenOn(server, others, credentials);
  }
}

function credentialsOf(certified: ServerCertificates | undefined): ServerCredentials {
  if (certified === undefined) return ServerCredentials.createInsecure();
  const tls = createTlsServer(certified.current());
  certified.subscribe((next) => tls.renew(next));
  return tls.credentials;
}

const FORCED_MS = 1_000;

function bindError(error: unknown, address: Address): AppError {
  const text = formatAddress(address);
  if (messageOf(error).includes('EADDRINUSE')) {
    return new AppError('conflict', `${text} is in use by another program`, {
      cause: error,
      hint: 'is another ctl-controller running? See: ss -ltnp',
    });
  }
  return toAppError(error, 'config', `cannot listen on ${text}`);
}
