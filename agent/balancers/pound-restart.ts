import { linkSignals } from '../../shared/abort.js';
import { AppError } from '../../shared/errors.js';
import type { ServiceSpec } from '../../shared/model/service.js';
import type { Clock } from '../../shared/ports/clock.js';
import { connectTcp } from '../../shared/ports/tcp.js';
import type { ServiceManager } from '../services/index.js';
import { parseConf, type ConfSource } from './pound-conf.js';
import type { Running } from './pound-started.js';

export interface RestartDeps {
  readonly manager: Pick<ServiceManager, 'state' | 'start' | 'stop'>;
  readonly clock: Clock;
  /** Throws `denied` where this host does not let its services be stopped and started. */
  readonly mayRestart: () => void;
}

/** The Pound of a service as its manager knows it. Errors: `unreachable` (it does not run), `failed` (nothing is known of it). */
export async function runningPound(spec: ServiceSpec, { manager }: RestartDeps, signal: AbortSignal): Promise<Running> {
  const state = await manager.state(spec, signal);
  switch (state.state) {
    case 'running':
      return state;
    case 'unknown':
      throw new AppError('failed', `nothing is known of the process of ${spec.name}: ${state.why}`);
    default:
      throw new AppError('unreachable', `${spec.name} does not run: ${state.why}`, { hint: `start it: ctl start ${spec.name}` });
  }
}

/**
 * Ends the Pound that runs, starts it anew, and resolves when each listener of its file takes connections. Requests in that moment fail:
 * Pound knows no reload, and its graceful way refuses visitors for even longer.
 */
export async function restartPound(
  spec: ServiceSpec,
  before: Running,
  source: ConfSource,
  deps: RestartDeps,
  signal: AbortSignal,
): Promise<Running> {
  const { manager } = deps;
  await manager.stop(spec, { replacing: before.process, deadlineMs: STOP_MS }, signal);
  return startPound(spec, source, { ...deps, manager }, signal);
}

export async function startPound(spec: ServiceSpec, source: ConfSource, deps: RestartDeps, signal: AbortSignal): Promise<Running> {
  const { manager, clock } = deps;
  using linked = linkSignals([signal], START_MS, `the start of ${spec.name}`);
  const bound = linked.signal;
  const started = await manager.start(spec, bound);
  if (started.state === 'down') throw new AppError('failed', `${spec.name} did not start: ${started.why}`);
  for (const address of listenersOf(source)) {
    while (!(await listens(address, bound))) {
      const state = await manager.state(spec, bound);
      if (state.state === 'down') throw new AppError('failed', `${spec.name} ended as soon as it had been started: ${state.why}`);
      await clock.sleep(POLL_MS, bound);
    }
  }
  return await runningPound(spec, deps, bound);
}

/** Pound ends at once when it is asked to. */
const STOP_MS = 5_000;
const START_MS = 10_000;
const POLL_MS = 20;

interface Listener {
  readonly ip: string;
  readonly port: number;
}

const listenersOf = (source: ConfSource): Listener[] =>
  parseConf(source)
    .listeners.filter(({ kind }) => kind !== 'control')
    .flatMap(({ address }) => {
      const match = /^\[?(.*?)\]?:(\d+)$/.exec(address);
      return match === null ? [] : [{ ip: LOCAL[match[1] ?? ''] ?? match[1] ?? '', port: Number(match[2]) }];
    });

/** All addresses of the host: it listens on this one, too. */
const LOCAL: Readonly<Record<string, string>> = { '0.0.0.0': '127.0.0.1', '::': '::1', '*': '127.0.0.1' };

async function listens(target: Listener, signal: AbortSignal): Promise<boolean> {
  try {
    (await connectTcp(target, { timeoutMs: CONNECT_MS, signal }))[Symbol.dispose]();
    return true;
  } catch (error) {
    if (signal.aborted) throw error;
    return false;
  }
}

const CONNECT_MS = 1_000;
