import { throwIfAborted } from '../../shared/abort.js';
import { messageOf } from '../../shared/errors.js';
import type { Log } from '../../shared/log.js';
import type { Clock } from '../../shared/ports/clock.js';
import type { BalancerActions } from '../actions/balancer.js';
import { type Holds, isOver } from '../actions/holds.js';
import { type Keeper, startKeeper } from './keeper.js';

export interface HoldKeeperDeps {
  readonly holds: Holds;
  readonly actions: Pick<BalancerActions, 'setBackends'>;
  readonly clock: Clock;
  readonly log: Log;
}

/**
 * Lets a client in again when the time is over for which it was taken out by hand. One that does not answer, or whose balancer does not, is
 * tried again until it does; so is one that a roll has in hand. Why it waits is in the log, once for each reason.
 */
export function startHoldKeeper(deps: HoldKeeperDeps): Keeper {
  const told = new Map<string, string>();
  return startKeeper(
    async (signal) => {
      await endHolds(deps, told, signal);
      return POLL_MS;
    },
    { ...deps, complaint: 'nobody looks any more at who is held out of the balancer' },
  );
}

const POLL_MS = 5_000;

/** Lets those in whose time is over. `told`: why one could not go in, as it was said last. Rejects only when its signal aborts. */
export async function endHolds(
  { holds, actions, clock, log }: HoldKeeperDeps,
  told: Map<string, string>,
  signal: AbortSignal,
): Promise<void> {
  for (const { service } of holds.all().filter((hold) => isOver(hold, clock.now()))) {
    const request = { wanted: 'in', selectors: [service], by: 'ctl-controller', force: false, forS: null, reason: null } as const;
    try {
      await actions.setBackends(request, signal);
      told.delete(service);
      log.info({ service }, `${service} is in again: its time out of the balancer is over`);
    } catch (error) {
      throwIfAborted(signal);
      const why = messageOf(error);
      if (told.get(service) === why) continue;
      told.set(service, why);
      log.warn({ service, why }, `the time of ${service} out of the balancer is over, but it cannot go in yet`);
    }
  }
}
