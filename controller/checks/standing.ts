import type { Backend, BalancerState, Standing } from '../../shared/model/balancer.js';
import type { Measured } from '../../shared/model/observation.js';

/**
 * How one address stands in all balancers together:
 * `in` in the file and in the running balancer wherever it stands, and alive there; `out` no running balancer sends it anything, which
 * takes the word of all of them; `dead` enabled, but found dead by a balancer; `none` no running balancer knows it;
 * `unknown` a balancer could not be asked or cannot tell, or they differ: among themselves, or the file from what runs.
 */
export function standingOf(states: readonly Measured<BalancerState>[], address: string): Standing {
  const backends: Backend[] = [];
  for (const state of states) {
    if (!state.ok) return 'unknown';
    backends.push(...state.backends.filter((backend) => backend.address === address));
  }
  const running = backends.filter((backend) => backend.inRuntime !== 'absent');
  if (running.length === 0) return 'none';
  if (running.some((backend) => backend.inRuntime === 'unknown')) return 'unknown';
  const enabled = running.filter((backend) => backend.inRuntime === 'in');
  if (enabled.length === 0) return 'out';
  if (enabled.some((backend) => backend.alive === false)) return 'dead';
  const isIn = ({ inRuntime, inFile }: Backend) => inRuntime === 'in' && (inFile === 'in' || inFile === 'unkept');
  return backends.every(isIn) ? 'in' : 'unknown';
}
