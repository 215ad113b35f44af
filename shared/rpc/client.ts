import { Channel, ChannelCredentials, connectivityState } from '@grpc/grpc-js';
import { createClientFactory, type Client, type CompatServiceDefinition } from 'nice-grpc';
import type { ClientMiddleware, Metadata } from 'nice-grpc-common';
import { linkSignals, orAborted, reasonOf } from '../abort.js';
import { AppError } from '../errors.js';
import type { Credentials } from '../pki/certificate.js';
import { type Address, formatAddress } from './address.js';
import { CHANNEL_OPTIONS, DEFAULT_DEADLINE_MS } from './limits.js';
import { errorOf } from './status.js';
import { dialTarget } from './target.js';
import { speaksTls, tlsChannelCredentials } from './tls-client.js';

/** What a call can be given besides nice-grpc's options: `timeoutMs`, of calls with a single answer; others are bounded by their signal. */
export interface Deadline {
  readonly timeoutMs?: number;
}

/** A connection to the controller. All errors of its calls are AppErrors. */
export interface RpcChannel {
  client<D extends CompatServiceDefinition>(definition: D): Client<D, Deadline>;
  /**
   * Rejects with `unreachable` when the first attempt fails or takes longer than `timeoutMs`; with `denied` or `config` if there is somebody
   * with whom no TLS is possible, and why.
   */
  ready(timeoutMs: number, signal?: AbortSignal): Promise<void>;
  close(): void;
}

/** With `credentials` only TLS is spoken; without (null) the address has to be on this host, else it rejects with `config`. Does not connect yet. */
export async function openChannel(address: Address, credentials: Credentials | null): Promise<RpcChannel> {
  const target = await dialTarget(address, credentials !== null);
  let failure: AppError | null = null;
  const onFailure = (error: AppError) => void (failure = error);
  const channel = new Channel(target, channelCredentials(address, credentials, onFailure), CHANNEL_OPTIONS);
  const peer = `the controller at ${formatAddress(address)}`;
  const factory = createClientFactory().use(appErrors(peer));
  return {
    client: (definition) => factory.create(definition, channel),
    async ready(timeoutMs, signal) {
      using linked = linkSignals(signal === undefined ? [] : [signal], timeoutMs, `connecting to ${peer}`);
      try {
        await orAborted(connected(channel, Date.now() + timeoutMs), linked.signal);
      } catch (error) {
        if (signal?.aborted === true) throw reasonOf(signal);
        throw failure ?? (await failureOf(address, credentials, error));
      }
    },
    close: () => channel.close(),
  };
}

function channelCredentials(address: Address, credentials: Credentials | null, onFailure: (error: AppError) => void): ChannelCredentials {
  if (credentials === null || address.kind === 'unix') return ChannelCredentials.createInsecure();
  return tlsChannelCredentials({ credentials, host: address.host, onFailure });
}

/** A TLS server closes a connection in the clear without a word: it is asked once more in its own language. */
async function failureOf(address: Address, credentials: Credentials | null, cause: unknown): Promise<AppError> {
  if (address.kind === 'unix' || credentials !== null || !(await speaksTls(address.host, address.port, PROBE_MS)))
    return nobodyAnswers(address, cause);
  return new AppError('denied', `the controller at ${formatAddress(address)} wants a certificate, and here is none for it`, {
    cause,
    hint: '`ctl-controller token create` on its host prints the command that gets one',
  });
}

const PROBE_MS = 1_000;

const nobodyAnswers = (address: Address, cause: unknown): AppError =>
  new AppError('unreachable', `no controller answers at ${formatAddress(address)}`, {
    cause,
    hint: 'is ctl-controller running there? The address is [controller] address in cluster.ini',
  });

async function connected(channel: Channel, deadline: number): Promise<void> {
  for (;;) {
    const state = channel.getConnectivityState(true);
    if (state === connectivityState.READY) return;
    if (state === connectivityState.TRANSIENT_FAILURE || state === connectivityState.SHUTDOWN) throw new Error(connectivityState[state]);
    await new Promise<void>((resolve, reject) => {
      channel.watchConnectivityState(state, deadline, (error) => (error === undefined ? resolve() : reject(error)));
    });
  }
}

function appErrors(peer: string): ClientMiddleware<Deadline> {
  return async function* (call, options) {
    const { timeoutMs = DEFAULT_DEADLINE_MS, signal } = options;
    using linked = linkSignals(signal === undefined ? [] : [signal], call.responseStream ? undefined : timeoutMs, `the call to ${peer}`);
    let trailer: Metadata | undefined;
    try {
      return yield* call.next(call.request, {
        ...options,
        signal: linked.signal,
        onTrailer(received) {
          trailer = received;
          options.onTrailer?.(received);
        },
      });
    } catch (error) {
      throw linked.signal.aborted ? reasonOf(linked.signal) : errorOf(error, trailer, peer);
    }
  };
}
