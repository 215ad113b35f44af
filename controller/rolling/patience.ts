/** How long one who does not answer is waited for, before the run halts. */
export const PATIENCE = {
  /** An agent that went away: a restart of its host's network, an upgrade. */
  agentMs: 60_000,
  /** A balancer that hangs or contradicts. */
  balancerMs: 15_000,
  /** Clients that have to serve before the next one may leave. */
  clusterMs: 60_000,
  /** Until clients find a ZEO server again that was started under them. */
  recoverMs: 30_000,
  /** Beyond the stop deadline, for the agent's own answer. */
  stopMarginMs: 15_000,
  /** Beyond the balancer's probe interval, until a backend that was let in is used. */
  aliveMarginMs: 5_000,
} as const;
