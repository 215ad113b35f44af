import { balancersOf, type ClusterConfig, type Service } from '../config/cluster.js';
import type { Fleet } from '../fleet/fleet.js';
import type { BalancerState } from '../../shared/model/balancer.js';
import type { Measured } from '../../shared/model/observation.js';
import { addressOf } from '../../shared/model/service.js';
import { askAgent, type AskOptions } from './ask-agent.js';
import type { Measurements } from './judge.js';
import { standingOf } from './standing.js';

/** What every balancer of the cluster says, by its name. */
export type BalancerStates = ReadonlyMap<string, Measured<BalancerState>>;

/** Asks all balancers at once. */
export async function observeBalancers(config: ClusterConfig, fleet: Fleet, options: AskOptions): Promise<BalancerStates> {
  return new Map(
    await Promise.all(balancersOf(config).map(async (balancer) => [balancer.spec.name, await stateOf(balancer, fleet, options)] as const)),
  );
}

/** How a client stands in them, and if that is not known, why. */
export function describeStanding(states: BalancerStates, client: Service): Measurements['standing'] {
  const standing = standingOf([...states.values()], addressOf(client.spec));
  if (standing !== 'unknown') return { standing, why: null };
  for (const [name, state] of states) if (!state.ok) return { standing, why: `${name}: ${state.why}` };
  return { standing, why: 'in some places it is in and in others out: compare the files with the running balancers' };
}

async function stateOf(balancer: Service, fleet: Fleet, options: AskOptions): Promise<Measured<BalancerState>> {
  const answer = await askAgent(fleet, balancer.host, (agent, call) => agent.balancer(balancer.spec.name, call), options);
  return 'ok' in answer ? answer : { ok: true, ...answer };
}
