/** What one balancer says of all its backends, from its file and from the running process. */
export interface BalancerState {
  /** Section name in cluster.ini. */
  readonly name: string;
  /** `pound-control`, `haproxy`, … */
  readonly driver: string;
  readonly version: string;
  /** Seconds between two probes of a dead backend (Pound's `Alive`): after "in" it can take that long to be used. */
  readonly aliveIntervalS: number;
  /** Each change of a backend restarts it, and requests in that moment fail: a roll changes a batch as a whole then. */
  readonly restarts?: boolean | undefined;
  readonly backends: readonly Backend[];
}

/** One backend stanza. One address can stand in several services of several listeners. */
export interface Backend {
  /** `ip:port`. */
  readonly address: string;
  /** Where it stands, for people: `listener/service`. */
  readonly place: string;
  /** `unkept`: this balancer keeps its state in no file that we know; what is out comes back in when it restarts. */
  readonly inFile: 'in' | 'out' | 'absent' | 'unkept';
  /** `unknown`: its file was changed after it had started, and it cannot be asked. */
  readonly inRuntime: 'in' | 'out' | 'absent' | 'unknown';
  /** null: the balancer does not tell (of a backend that is out, or at all). */
  readonly alive: boolean | null;
  /** Sticky sessions that are bound to it; null: the balancer does not tell. */
  readonly sessions: number | null;
  /** Requests that it is answering, or that wait for it in the balancer; null: the balancer does not count them. */
  readonly inFlight: number | null;
}

/** How one client stands in all balancers together. `none`: no balancer knows it. */
export type Standing = 'in' | 'out' | 'dead' | 'none' | 'unknown';
