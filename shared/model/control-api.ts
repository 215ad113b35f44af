import type { BalancerReport } from './balancer-report.js';
import type { CheckReport } from './check-report.js';
import type { ConfigDiff } from './config-diff.js';
import type { IncidentReport, IncidentsRequest } from './incident-report.js';
import type { LockReport, RemoveLockRequest } from './lock.js';
import type { LogEvent, LogRequest } from './log-search.js';
import type { MailReport, MailTest } from './mail.js';
import type { RepairDecision } from './repair.js';
import type { MemoryReport, MemoryRequest } from './memory-report.js';
import type { OperationAction, OperationEvent, OperationSummary, PlanStep } from './operation.js';
import type { PerfReport, PerfRequest } from './perf.js';

/**
 * What the controller does for whoever types `ctl`. The controller implements it, the wire carries it, `ctl` calls it.
 * Errors: `usage` (unknown names, with the nearest ones), `config`, `conflict` (another operation holds the lock), `precondition`
 * (refused, nothing touched), `unreachable`, `not-found` (no such operation).
 */
export interface ControlApi {
  /** Measures now. */
  check(request: CheckRequest, signal: AbortSignal): Promise<CheckReport>;
  /** What was last seen, with its age, without measuring. */
  status(request: StatusRequest, signal: AbortSignal): Promise<CheckReport>;
  /** What `run` would do, step by step; touches nothing. */
  plan(request: RunRequest, signal: AbortSignal): Promise<Plan>;
  /** Runs an operation and streams its events up to and with its result. Ending the stream early does not end the operation. */
  run(request: RunRequest, signal: AbortSignal): AsyncIterable<OperationEvent>;
  operations(signal: AbortSignal): Promise<readonly OperationSummary[]>;
  /** The events of an operation from its beginning; with `follow` on to its end. */
  events(id: string, options: { readonly follow: boolean }, signal: AbortSignal): AsyncIterable<OperationEvent>;
  /** Takes an interrupted or halted operation up again, or lets one go on that waits after its canaries; streams as `run`. `by`: `user@host`. */
  resume(id: string, by: string, signal: AbortSignal): AsyncIterable<OperationEvent>;
  /** Finishes or puts back the client in hand, then stops. `interrupted` can be resumed, `aborted` cannot. Resolves when it has been noted. */
  halt(id: string, how: 'interrupted' | 'aborted', by: string, signal: AbortSignal): Promise<void>;
  /** What every balancer says now. */
  balancers(signal: AbortSignal): Promise<BalancerReport>;
  /**
   * Takes clients out of the balancers by hand, or lets them in again, and answers what the balancers say then. What is out by hand stays
   * out, also through a roll, until its time is over or somebody lets it in. Errors besides: `precondition` below `min_active`, or for a
   * client that is to go in and does not answer.
   */
  setBackends(request: BackendsRequest, signal: AbortSignal): Promise<BalancerReport>;
  /** Searches the logs of the chosen services on all hosts at once. Ending the stream early ends the search everywhere. */
  log(request: LogRequest, signal: AbortSignal): AsyncIterable<LogEvent>;
  /** What happened to the cluster: critical events and other trouble, as it is kept. */
  incidents(request: IncidentsRequest, signal: AbortSignal): Promise<IncidentReport>;
  /** What the processes take now, and how fast that grows. */
  memory(request: MemoryRequest, signal: AbortSignal): Promise<MemoryReport>;
  /** How long pages took, from the files in `perfdir`. Errors besides: `config` without one. */
  perf(request: PerfRequest, signal: AbortSignal): Promise<PerfReport>;
  /** Who holds the lock of the critical operations. */
  lock(signal: AbortSignal): Promise<LockReport>;
  /** Takes the lock away if its owner is gone; `conflict` if he lives, unless it is forced. */
  removeLock(request: RemoveLockRequest, signal: AbortSignal): Promise<LockReport>;
  /** The mails that wait, and those that were refused. */
  mails(signal: AbortSignal): Promise<MailReport>;
  /** Sends one mail now. Errors besides: `config` without mail in cluster.ini. */
  testMail(signal: AbortSignal): Promise<MailTest>;
  /** What the controller goes by, against its cluster.ini as it is now. `unsupported` in embedded mode. */
  diffConfig(signal: AbortSignal): Promise<ConfigDiff>;
}

export interface CheckRequest {
  /** As after `-s`: names, `pool:1`, `host:web1`, `type:ZeoClient`, globs. Empty: frontends and clients. */
  readonly selectors: readonly string[];
  /** Path to test instead of the home page. */
  readonly path: string | null;
  /** What it finds is not mailed; what lasts is, when it is seen again. */
  readonly noMail?: boolean | undefined;
}

export interface StatusRequest {
  readonly selectors: readonly string[];
}

export interface RunRequest {
  readonly action: OperationAction;
  readonly selectors: readonly string[];
  /** `user@host` of who asks. */
  readonly by: string;
  /** What begins meanwhile is not mailed; what lasts is, when it is seen again. */
  readonly noMail?: boolean | undefined;
  readonly force: boolean;
  /** The `-a` form: a cluster of one client is restarted with a warning instead of being refused. */
  readonly oldForm: boolean;
  readonly maxFail: number | null;
  /** A number, a percentage, `pool` or `auto`; null: as in the ini. */
  readonly batch: string | null;
  readonly deadlineS: number | null;
  /** The logs of what is restarted are rotated before. */
  readonly rotate?: boolean | undefined;
  /** The proxy caches are purged after the last client is in. */
  readonly purge?: boolean | undefined;
  /** Of a purge: the pages that are to go, paths or absolute URLs; without any the whole caches. */
  readonly urls?: readonly string[] | undefined;
  /** Page that a client has to answer well after its start, instead of its home page. */
  readonly path?: string | undefined;
  /** After so many clients it waits: for `resume`, or for `canaryWaitS`. */
  readonly canary?: number | undefined;
  readonly canaryWaitS?: number | undefined;
  /** A client has to stay healthy for so long before the next one leaves. */
  readonly minHealthyS?: number | undefined;
}

export interface BackendsRequest {
  readonly wanted: 'in' | 'out';
  /** At least one. */
  readonly selectors: readonly string[];
  /** `user@host` of who asks. */
  readonly by: string;
  readonly force: boolean;
  /** Of an "out": seconds; null: until somebody lets it in. */
  readonly forS: number | null;
  readonly reason: string | null;
}

export interface Plan {
  readonly steps: readonly PlanStep[];
  readonly warnings: readonly string[];
  /** Clients that run now and would be restarted or stopped. */
  readonly interrupts: readonly string[];
  /** Of a repair: every service. */
  readonly decisions?: readonly RepairDecision[] | undefined;
}
