import type { ProcessState } from '../../shared/model/process.js';
import type { ServiceSpec } from '../../shared/model/service.js';
import type { StopOrder, StopResult } from '../../shared/model/agent-api.js';

/**
 * How the services of this host are started and stopped; one driver per kind of service manager, held to one contract suite.
 *
 * - `state` never rejects for a service that is down; what cannot be known is `unknown`, never `down`.
 * - `start` leaves a service alone that runs or is starting, and rejects with `failed` if it cannot tell. It resolves when the start
 *   command has been carried out, not when the service is ready. A start command that ends badly is a `down` with `failed: true`, whose `why`
 *   has its exit code and the end of its output; a program that does not exist is `failed`: "no such program".
 * - `stop` ends `order.replacing` and nothing else: `gone` if that is not the process of this service; a manager that is about to start the
 *   next one by itself does not. It asks, kills after `order.deadlineMs`, and resolves when the process is gone and a start may follow; `failed` if it survives.
 * - Starts and stops of one service never overlap, not even those of two agents with one state_dir: `createServiceManager` sees to it for
 *   all drivers.
 * - A service outlives the agent that started it.
 *
 * Errors: `unsupported` (no driver), `config` (agent.ini says nothing of it, or its `service_name` is none), `not-found` (its manager does
 * not know it), `denied` (its manager does not obey this agent), `unreachable` (its manager does not answer), `failed`, `cancelled`, `timeout`.
 */
export interface ServiceManager {
  state(spec: ServiceSpec, signal: AbortSignal): Promise<ProcessState>;
  start(spec: ServiceSpec, signal: AbortSignal): Promise<ProcessState>;
  stop(spec: ServiceSpec, order: StopOrder, signal: AbortSignal): Promise<StopResult>;
}
