import { randomUUID } from 'node:crypto';
import { orAborted } from '../../shared/abort.js';
import { AppError, toAppError, type ErrorCode } from '../../shared/errors.js';
import type { Log } from '../../shared/log.js';
import type { WallClock } from '../../shared/ports/clock.js';
import { type Address, parseAddress } from '../../shared/rpc/address.js';
import { createBackoff } from '../../shared/rpc/backoff.js';
import { type Hello, PROTOCOL } from '../../shared/wire/link-messages.js';
import type { AgentIdentity } from '../identity.js';
import { createCalls, type LinkedAgent } from './calls.js';
import { dialController } from './controller-client.js';
import { runSession } from './session.js';
import type { EventSource } from './telling.js';

export type { LinkedAgent } from './calls.js';

/** The agent's side of the link: dials the controller for ever, and carries out what it asks. */
export interface AgentLink {
  start(): void;
  /** Cancels what is being carried out, and leaves. Idempotent. */
  stop(): Promise<void>;
  readonly connected: boolean;
  /** Resolves as soon as the controller has welcomed this agent. */
  whenConnected(signal: AbortSignal): Promise<void>;
}

export interface LinkOptions {
  /** Of the controller: host:port, [::1]:port or unix:/path. */
  readonly address: string;
  /** The host, as `machine` in cluster.ini. */
  readonly name: string;
  readonly version: string;
  readonly api: LinkedAgent;
  /** Without it only a controller on this host can be dialled. */
  readonly identity?: AgentIdentity | undefined;
  /** What is told to the controller unasked. */
  readonly events?: EventSource | undefined;
  readonly clock: WallClock;
  readonly log: Log;
}

export interface LinkTimes {
  readonly connectMs?: number;
  readonly welcomeMs?: number;
  /** Wait after a lost link: doubles from 100 ms to this. */
  readonly maxBackoffMs?: number;
  /** Wait after the controller refused this agent: only an operator can change that. */
  readonly refusedMs?: number;
}

/** Throws `config` for an address that can't be dialled. */
export function createLink(options: LinkOptions, times: LinkTimes = {}): AgentLink {
  const { name, version, events = null, clock, log } = options;
  const { connectMs = 5_000, welcomeMs = 10_000, maxBackoffMs = 2_000, refusedMs = 5_000 } = times;
  const address = parseAddress(options.address);
  const hello: Hello = { type: 'hello', name, version, protocol: PROTOCOL, instance: randomUUID() };
  const calls = createCalls(options);
  const stopping = new AbortController();
  const waiters = new Set<() => void>();
  let connected = false;
  let loop: Promise<void> | undefined;

  return {
    start() {
      loop ??= dialForEver();
    },
    async stop() {
      stopping.abort(new AppError('cancelled', 'the agent is stopping'));
      calls.stop();
      await loop;
    },
    get connected() {
      return connected;
    },
    async whenConnected(signal) {
      if (connected) return;
      await orAborted(new Promise<void>((resolve) => waiters.add(resolve)), signal);
    },
  };

  async function dialForEver(): Promise<void> {
    const backoff = createBackoff({ maxMs: maxBackoffMs });
    let told = '';
    const stopped = () => stopping.signal.aborted;
    while (!stopped()) {
      let welcomedAt = Infinity;
      const error = await sessionEnd(address, () => {
        welcomedAt = clock.now();
        told = '';
        log.info({ controller: options.address }, 'connected to the controller');
      });
      if (stopped()) return;
      // A session that ends as soon as it begins is no success.
      if (clock.now() - welcomedAt > maxBackoffMs) backoff.reset();
      const refused = REFUSALS.includes(error.code);
      // The same reason again and again is told once.
      if (error.message !== told)
        log.warn({ error, controller: options.address }, refused ? 'the controller refuses this agent' : 'no link to the controller');
      told = error.message;
      await clock.sleep(refused ? refusedMs : backoff.next(), stopping.signal).catch(() => undefined);
    }
  }

  /** Dials once; resolves with the reason for which it, or the session that came of it, ended. */
  async function sessionEnd(target: Address, onWelcome: () => void): Promise<AppError> {
    try {
      const credentials = (await options.identity?.credentials()) ?? null;
      const controller = await dialController(target, credentials, connectMs, stopping.signal);
      const over = new AbortController();
      try {
        if (credentials !== null) void options.identity?.attend(controller.channel, over.signal);
        return await runSession(
          { controller, calls, events, clock, log },
          { hello, welcomeMs, onWelcome: () => welcome(onWelcome) },
          stopping.signal,
        );
      } finally {
        connected = false;
        over.abort();
        controller.close();
      }
    } catch (error) {
      return toAppError(error, 'internal', 'the link to the controller');
    }
  }

  function welcome(then: () => void): void {
    connected = true;
    then();
    for (const done of waiters) done();
    waiters.clear();
  }
}

/** What the controller says when it will say the same the next time. */
const REFUSALS: readonly ErrorCode[] = ['config', 'conflict', 'denied', 'unsupported', 'usage'];
