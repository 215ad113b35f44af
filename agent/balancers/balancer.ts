import type { BackendOrder, CallOptions } from '../../shared/model/agent-api.js';
import type { BalancerState } from '../../shared/model/balancer.js';

/**
 * One load balancer on this host. The contract suite (test/contract/balancer) runs over every driver.
 *
 * Errors: `unreachable` (nobody listens on the control socket), `timeout` (it does not answer), `not-found` (no such backend),
 * `config` (its file cannot be read, or does not pass its own check), `failed` (it answered, but did not do it).
 */
export interface BalancerDriver {
  /** Every backend as the file and as the running balancer have it. The two differ after a crash or a restart: that is drift, not an error. */
  state(options: CallOptions): Promise<BalancerState>;
  /**
   * Takes a backend out of, or back into, every service that holds it: in the file first, then in the running balancer, and reads both back.
   * Doing it twice changes nothing; after a failure the same order, or its opposite, heals what is half done.
   * "in" proves `enabled`, not `alive`: a balancer that found the backend dead uses it only after its next probe.
   */
  set(order: BackendOrder, options: CallOptions): Promise<void>;
}
