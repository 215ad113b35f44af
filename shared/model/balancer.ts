/** What one balancer says of all its backends, from its file and from the running process. */
export interface BalancerState {
  /** Section name in cluster.ini. */
  readonly name: string;
  /** `pound-control`, `haproxy`, … */
  readonly driver: string;
  readonly version: string;
  /** Seconds between two probes of a dead backend (Pound's `Alive`): after "in" it can take that long to be used. */
  readonly aliveIntervalS: number;
  readonly backends: readonly Backend[];
}

/** One backend stanza. One address can stand in several services of several listeners. */
export interface Backend {
  /** `ip:port`. */
  readonly address: string;
  /** Where it stands, for people: `listener/service`. */
  readonly place: string;
  readonly inFile: 'in' | 'out' | 'absent';
  readonly inRuntime: 'in' | 'out' | 'absent';
  readonly alive: boolean;
  readonly sessions: number;
}

/** How one client stands in all balancers together. `none`: no balancer knows it. */
export type Standing = 'in' | 'out' | 'dead' | 'none' | 'unknown';
