import { AppError, messageOf } from '../../shared/errors.js';
import type { Log } from '../../shared/log.js';
import type { Clock } from '../../shared/ports/clock.js';
import type { BalancerActions } from './balancer.js';
import { type Holds, isOver } from './holds.js';

export interface HoldKeeperDeps {
  readonly holds: Holds;
  readonly actions: Pick<BalancerActions, 'setBackends'>;
  readonly clock: Clock;
  readonly log: Log;
}

/** Lets a client in again when the time is over for which it was taken out by hand. */
export interface HoldKeeper {
  /** Resolves when the one in hand is done. */
  stop(): Promise<void>;
}

/**
 * One that does not answer, or whose balancer does not, is tried again until it does; so is one that a roll has in hand. Why it waits is in
 * the log, once for each reason.
 */
export function startHoldKeeper({ holds, actions, clock, log }: HoldKeeperDeps): HoldKeeper {
  const stopping = new AbortController();
  const told = new Map<string, string>();

  async function letIn(service: string): Promise<void> {
    const request = { wanted: 'in', selectors: [service], by: 'ctl-controller', force: false, forS: null, reason: null } as const;
    try {
      await actions.setBackends(request, stopping.signal);
      told.delete(service);
      log.info({ service }, `${service} is in again: its time out of the balancer is over`);
    } catch (error) {
      const why = messageOf(error);
      if (stopping.signal.aborted || told.get(service) === why) return;
      told.set(service, why);
      log.warn({ service, why }, `the time of ${service} out of the balancer is over, but it cannot go in yet`);
    }
  }

  async function run(): Promise<void> {
    while (!stopping.signal.aborted) {
      for (const hold of holds.all()) if (isOver(hold, clock.now())) await letIn(hold.service);
      await clock.sleep(POLL_MS, stopping.signal);
    }
  }

  const running = run().catch((error: unknown) => {
    if (!stopping.signal.aborted) log.error({ error }, 'nobody looks any more at who is held out of the balancer');
  });

  return {
    async stop() {
      stopping.abort(new AppError('cancelled', 'the controller is stopping'));
      await running;
    },
  };
}

const POLL_MS = 5_000;
