import type { AgentApi } from '../../shared/model/agent-api.js';
import type { ServiceSpec } from '../../shared/model/service.js';

/** The agents, as the controller sees them. */
export interface Fleet {
  /** The agent of a host. It can be called at any time: while it is away each call rejects with `unreachable`, naming the host. */
  agent(host: string): AgentApi;
  hosts(): readonly HostStatus[];
  /** Tells an agent (now, and again whenever it comes back) which services are its own. */
  assign(host: string, services: readonly ServiceSpec[]): void;
}

export interface HostStatus {
  readonly host: string;
  readonly connected: boolean;
  /** Epoch ms of its last heartbeat; null: never seen. */
  readonly lastSeen: number | null;
  readonly version: string | null;
  /** How far the agent's clock is ahead of ours, by its heartbeats; null: none has come yet. */
  readonly skewMs: number | null;
}
