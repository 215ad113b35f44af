import type { BalancerState } from './balancer.js';
import type { PurgeOrder, PurgePlan, PurgeResult } from './cache.js';
import type { MemoryQuery, ServiceMemory } from './memory.js';
import type { ProbeOrder, ProbeOutcome } from './probe.js';
import type { Measured } from './observation.js';
import type { Memory, ProcessId, ProcessState } from './process.js';
import type { RotationPlan, RotationResult } from './rotation.js';
import type { LogReport } from './log-report.js';
import type { LogPart, LogQuery } from './log-search.js';

/** Every call is bounded. A call that does not answer in `timeoutMs` rejects with `timeout`; an agent that is away with `unreachable`. */
export interface CallOptions {
  readonly signal: AbortSignal;
  readonly timeoutMs: number;
}

/** Of a call whose answer is a stream. Ending the stream early ends the work at the agent. */
export interface StreamOptions {
  readonly signal: AbortSignal;
}

/**
 * A call that changes something. The agent keeps the id and the result on its disk: the same id again answers the same result
 * and does nothing, also after a restart of the agent.
 */
export interface EffectOptions extends CallOptions {
  readonly commandId: string;
}

/**
 * What an agent does for its controller: verbs on the services of its host, by their name in cluster.ini.
 * The agent implements it, the wire carries it, the controller calls it; the contract suite runs over all three.
 *
 * Errors: `not-found` (no such service was assigned to this agent), `denied` (agent.ini does not allow it), `unsupported`,
 * `timeout`, `cancelled`, `unreachable`, `failed` (tried; the message says what the service manager or the balancer answered).
 */
export interface AgentApi {
  ping(options: CallOptions): Promise<AgentInfo>;

  /** Which process the service is now. Never rejects for a service that is merely down. */
  process(service: string, options: CallOptions): Promise<ProcessState>;
  /**
   * What a check looks at, in one go. What cannot be measured, or not in time, keeps nothing else from it: each part comes with the reason
   * why it is not known.
   */
  observe(service: string, query: { readonly log: boolean }, options: CallOptions): Promise<Observation>;
  /** Of several services in one go, in their order. What cannot be measured of one keeps none of the others from it. */
  memories(services: readonly string[], query: MemoryQuery, options: CallOptions): Promise<readonly ServiceMemory[]>;
  /** Established TCP connections to the service's own ip:port, seen from the service's side. */
  connections(service: string, options: CallOptions): Promise<Measured<{ readonly connections: readonly Connection[] }>>;
  /** Reads the log from the last start marker on: critical entries, and the last entry of all. */
  log(service: string, options: CallOptions): Promise<LogReport>;
  /**
   * Searches the log; a part is read from the disk when the one before has been taken. Bounded by its signal and by the life of the link:
   * whoever reads decides how fast. `usage`: the pattern is none.
   */
  search(service: string, query: LogQuery, options: StreamOptions): AsyncIterable<LogPart>;

  /**
   * Starts the service if it is not running; a running one is left alone. Resolves as soon as the start command has been
   * carried out, which is long before the service is ready.
   */
  start(service: string, options: EffectOptions): Promise<ProcessState>;
  /**
   * Ends the process `replacing`, and only that one: if the service is already down, or another process by now, nothing is done.
   * Asks it to stop, and after `deadlineMs` kills its process group. Resolves when the process is gone; `failed` if it survives.
   */
  stop(service: string, order: StopOrder, options: EffectOptions): Promise<StopResult>;

  /** What the balancer itself says of its backends. `timeout` if its control socket hangs. */
  balancer(balancer: string, options: CallOptions): Promise<BalancerState>;
  /** Takes a backend out of, or back into, every service that holds it: in the file and in the running balancer, both read back. */
  setBackend(balancer: string, order: BackendOrder, options: EffectOptions): Promise<void>;

  /** What `rotate` would do; changes nothing. `unsupported` for a service without logs to rotate. */
  rotation(service: string, options: CallOptions): Promise<RotationPlan>;
  /** Rotates the logs of the service. A log that could not be rotated is a result, not an error. */
  rotate(service: string, options: EffectOptions): Promise<RotationResult>;

  /** What a purge of the whole cache would do; changes nothing. `unsupported` for what is no cache. */
  purgePlan(service: string, options: CallOptions): Promise<PurgePlan>;
  /** Purges the cache, or single pages of it. A page that could not be purged is a result, not an error. */
  purge(service: string, order: PurgeOrder, options: EffectOptions): Promise<PurgeResult>;

  /**
   * Looks at an address from this host: only at those of the services that were assigned to it, and at the backends that a balancer of this
   * host has in its own configuration; `denied` for any other, since the wire must not decide what an agent connects to.
   */
  probe(order: ProbeOrder, options: CallOptions): Promise<ProbeOutcome>;
}

export interface Observation {
  readonly process: ProcessState;
  /** Of that process. */
  readonly memory: Measured<Memory>;
  /** null: it was not asked for. */
  readonly log: LogReport | null;
}

export interface AgentInfo {
  readonly name: string;
  readonly version: string;
  /** Epoch ms by the agent's clock. */
  readonly at: number;
}

export interface Connection {
  readonly peer: string;
  /** Time since the last byte either way; null where the host cannot tell. */
  readonly silentMs: number | null;
  /** The service received something after it last sent something: a request without its answer. True also where the host cannot rule that out. */
  readonly pending: boolean;
}

export interface StopOrder {
  readonly replacing: ProcessId;
  readonly deadlineMs: number;
}

/** `stopped` by being asked, `killed` after the deadline, `gone`: it was not the running process any more. */
export interface StopResult {
  readonly how: 'stopped' | 'killed' | 'gone';
  readonly ms: number;
}

export interface BackendOrder {
  /** `ip:port`. */
  readonly address: string;
  readonly wanted: 'in' | 'out';
}
