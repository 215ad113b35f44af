import { linkSignals } from '../../shared/abort.js';
import { AppError, messageOf, type ErrorCode } from '../../shared/errors.js';
import { pidOf, type ProcessId, type ProcessState } from '../../shared/model/process.js';
import type { ServiceSpec } from '../../shared/model/service.js';
import type { Clock } from '../../shared/ports/clock.js';
import type { Processes, ServiceManager } from '../services/index.js';

/** Notices that the process of a service has ended without being asked to. */
export interface Deaths {
  /** Replaces the services that are watched. */
  assign(specs: readonly ServiceSpec[]): void;
  /** The service manager, with what it is asked to end on record, which is no death, and what it answers of processes. */
  readonly manager: ServiceManager;
  /** One look at each; never rejects. */
  look(signal: AbortSignal): Promise<void>;
}

export interface DeathsDeps {
  readonly manager: ServiceManager;
  readonly processes: Pick<Processes, 'inspect'>;
  readonly clock: Clock;
  readonly onDeath: (service: string, process: ProcessId, why: string) => Promise<void>;
}

/**
 * A running process is looked at in /proc, by its identity, which starts no program. Its service manager is asked when the process is gone,
 * and, at growing intervals, while none is known.
 */
export function createDeaths({ manager, processes, clock, onDeath }: DeathsDeps): Deaths {
  const services = new Map<string, Watched>();
  const asked = new Set<ProcessId>();

  return {
    assign(specs) {
      const names = new Set(specs.map(({ name }) => name));
      for (const name of services.keys()) if (!names.has(name)) services.delete(name);
      for (const spec of specs) {
        const before = services.get(spec.name);
        if (before === undefined) services.set(spec.name, { spec, process: null, ended: null, askAt: 0, waitMs: FIRST_WAIT_MS });
        else before.spec = spec;
      }
    },
    manager: {
      ...manager,
      async state(spec, signal) {
        const state = await manager.state(spec, signal);
        const service = services.get(spec.name);
        // What anybody learns of a process is known here at once, unless its end has been seen already: an answer can be late.
        if (service?.process === null && state.state === 'running' && state.process !== service.ended) learn(service, state);
        return state;
      },
      async start(spec, signal) {
        try {
          return await manager.start(spec, signal);
        } finally {
          soon(spec);
        }
      },
      async stop(spec, order, signal) {
        note(order.replacing);
        try {
          return await manager.stop(spec, order, signal);
        } catch (error) {
          // It was not even tried.
          if (!(error instanceof AppError && TRIED.includes(error.code))) asked.delete(order.replacing);
          throw error;
        } finally {
          soon(spec);
        }
      },
    },
    async look(signal) {
      const all = [...services.values()];
      const known = all.filter(({ process }) => process !== null);
      const due = all.filter(({ process, askAt }) => process === null && clock.now() >= askAt).slice(0, AT_ONCE);
      await Promise.all([
        ...known.map((service) => examine(service, signal)),
        ...due.map(async (service) => learn(service, await stateOf(service.spec, signal))),
      ]);
    },
  };

  async function examine(service: Watched, signal: AbortSignal): Promise<void> {
    const { process, spec } = service;
    if (process === null) return;
    const now = await processes.inspect(pidOf(process));
    if (now === 'hidden' || (now !== 'gone' && now.id === process)) return;
    service.ended = process;
    const state = await stateOf(spec, signal);
    learn(service, state);
    if (!asked.delete(process) && !signal.aborted) await onDeath(spec.name, process, whyOf(process, state));
  }

  function learn(service: Watched, state: ProcessState): void {
    service.process = state.state === 'running' ? state.process : null;
    service.waitMs = service.process === null ? Math.min(service.waitMs * 2, MOST_WAIT_MS) : FIRST_WAIT_MS;
    service.askAt = clock.now() + service.waitMs;
  }

  async function stateOf(spec: ServiceSpec, signal: AbortSignal): Promise<ProcessState> {
    using bound = linkSignals([signal], STATE_MS, `the state of ${spec.name}`);
    try {
      return await manager.state(spec, bound.signal);
    } catch (error) {
      return { state: 'unknown', why: messageOf(error) };
    }
  }

  function soon({ name }: ServiceSpec): void {
    const service = services.get(name);
    if (service === undefined) return;
    service.waitMs = FIRST_WAIT_MS;
    service.askAt = 0;
  }

  function note(process: ProcessId): void {
    asked.add(process);
    for (const oldest of asked) {
      if (asked.size <= MOST_ASKED) break;
      asked.delete(oldest);
    }
  }
}

interface Watched {
  spec: ServiceSpec;
  /** null: none is known. */
  process: ProcessId | null;
  /** The last one whose end was seen. */
  ended: ProcessId | null;
  /** When the manager is asked next, epoch ms. */
  askAt: number;
  waitMs: number;
}

const FIRST_WAIT_MS = 1_000;
const MOST_WAIT_MS = 32_000;
const STATE_MS = 3_000;
/** Asking may start a program. */
const AT_ONCE = 8;
const MOST_ASKED = 1_000;
const TRIED: readonly ErrorCode[] = ['cancelled', 'timeout', 'failed'];

function whyOf(process: ProcessId, state: ProcessState): string {
  const ended = `process ${pidOf(process)} has ended`;
  if (state.state !== 'running') return `${ended}: ${state.why}`;
  return state.process === process ? ended : `${ended}, and process ${pidOf(state.process)} runs in its place`;
}
