import type { Backend } from './balancer.js';

/** What every balancer of the cluster says now, beside what was ordered by hand. */
export interface BalancerReport {
  readonly at: number;
  readonly exit: number;
  readonly balancers: readonly BalancerView[];
  /** Where file, running balancer, other balancers and what was ordered by hand do not agree; one sentence each. */
  readonly drift: readonly string[];
  /** What a change brought with it; empty when nothing was changed. */
  readonly notes: readonly string[];
}

export interface BalancerView {
  /** Section name in cluster.ini. */
  readonly name: string;
  readonly host: string;
  /** null, as `version`: it could not be asked, and `why` says so. */
  readonly driver: string | null;
  readonly version: string | null;
  readonly why: string | null;
  readonly backends: readonly BackendView[];
}

export interface BackendView extends Backend {
  /** The service with this address; null: none of cluster.ini. */
  readonly service: string | null;
  /** It was taken out by hand. */
  readonly hold: Hold | null;
}

/** A client that somebody took out of the balancer by hand. A roll restarts it and leaves it out. */
export interface Hold {
  readonly service: string;
  /** `user@host`. */
  readonly by: string;
  readonly reason: string | null;
  /** Epoch ms. */
  readonly since: number;
  /** Epoch ms; from then on the controller lets it in again. null: until somebody does. */
  readonly until: number | null;
}
