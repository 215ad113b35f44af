import type { BalancerStates } from '../checks/standings.js';
import { balancersOf, type Service } from '../config/cluster.js';
import { AppError } from '../../shared/errors.js';
import { addressOf } from '../../shared/model/service.js';
import type { RollWorld } from './observe.js';

/** For an order to a balancer: its file is checked, written and read back, and in the worst case the balancer is started anew. */
const ORDER_MS = 30_000;

export interface BalancerOrder {
  readonly service: Service;
  readonly wanted: 'in' | 'out';
  /** Names the command: the same id is the same one. */
  readonly id: string;
}

/**
 * In every balancer that has such a backend, as it was last `seen`. One that did not say must not be passed over; that it has no such backend
 * is no refusal then, as long as another one has it. Rejects with the first failure.
 */
export async function orderBalancers(
  { config, fleet }: Pick<RollWorld, 'config' | 'fleet'>,
  seen: BalancerStates,
  { service, wanted, id }: BalancerOrder,
  signal: AbortSignal,
): Promise<void> {
  const address = addressOf(service.spec);
  const holding = balancersOf(config()).filter((balancer) => {
    const state = seen.get(balancer.spec.name);
    return state?.ok !== true || state.backends.some((backend) => backend.address === address);
  });
  const orders = holding.map(({ host, spec: { name } }) =>
    fleet.agent(host).setBackend(name, { address, wanted }, { commandId: `${id}/${name}`, signal, timeoutMs: ORDER_MS }),
  );
  const ends = await Promise.allSettled(orders);
  const carriedOut = ends.some((end) => end.status === 'fulfilled');
  for (const [index, end] of ends.entries()) {
    if (end.status === 'fulfilled') continue;
    const unread = seen.get(holding[index]?.spec.name ?? '')?.ok !== true;
    if (!(unread && carriedOut && end.reason instanceof AppError && end.reason.code === 'not-found')) throw end.reason;
  }
}
