import { AppError } from '../../shared/errors.js';
import type { Log } from '../../shared/log.js';
import type { Clock } from '../../shared/ports/clock.js';

/** Something that a controller does by itself, again and again. */
export interface Keeper {
  /** Breaks off the step in hand; resolves when it has ended. An operation that it has begun is one like any other: it ends with those. */
  stop(): Promise<void>;
}

export interface KeeperDeps {
  readonly clock: Clock;
  readonly log: Log;
  /** For the log, should it ever end by itself: `nobody rotates by itself any more`. */
  readonly complaint: string;
}

/** `step` answers after how many ms it comes again. What can fail it bears by itself: what it throws ends the keeper. */
export function startKeeper(step: (signal: AbortSignal) => Promise<number>, { clock, log, complaint }: KeeperDeps): Keeper {
  const stopping = new AbortController();
  const { signal } = stopping;

  async function run(): Promise<void> {
    while (!signal.aborted) await clock.sleep(await step(signal), signal);
  }

  const running = run().catch((error: unknown) => {
    if (!signal.aborted) log.error({ error }, complaint);
  });

  return {
    async stop() {
      stopping.abort(new AppError('cancelled', 'the controller is stopping'));
      await running;
    },
  };
}
