import { linkSignals, MAX_TIMER_MS, orAborted } from '../../shared/abort.js';
import { AppError, messageOf } from '../../shared/errors.js';
import type { Log } from '../../shared/log.js';
import type { Clock } from '../../shared/ports/clock.js';

/** Work that comes again when it is due, or when somebody says that there is more of it. */
export interface Loop {
  wake(): void;
  /** Lets the step in hand end, and breaks it off when `graceMs` are over. */
  stop(graceMs: number): Promise<void>;
}

export interface LoopDeps {
  readonly clock: Clock;
  readonly log: Log;
  /** For the log: `mails are not written`. */
  readonly complaint: string;
}

/** A step that failed is tried again so late. */
const AGAIN_MS = 5_000;

/** `step` answers when it is due again (epoch ms), or null: not before somebody wakes it. What it throws is logged, once for each message. */
export function startLoop(step: (signal: AbortSignal) => Promise<number | null>, { clock, log, complaint }: LoopDeps): Loop {
  const breaking = new AbortController();
  let waking = new AbortController();
  let stopping = false;
  let told = '';

  async function due(): Promise<number> {
    try {
      const next = await step(breaking.signal);
      told = '';
      return next ?? Infinity;
    } catch (error) {
      if (!breaking.signal.aborted && told !== messageOf(error)) log.error({ error }, `${complaint}: ${messageOf(error)}`);
      told = messageOf(error);
      return clock.now() + AGAIN_MS;
    }
  }

  async function run(): Promise<void> {
    while (!stopping) {
      waking = new AbortController();
      const { signal } = waking;
      const waitMs = (await due()) - clock.now();
      if (waitMs > 0) await clock.sleep(Math.min(waitMs, MAX_TIMER_MS), signal).catch(() => undefined);
    }
  }

  const running = run();

  return {
    wake: () => waking.abort(),
    async stop(graceMs) {
      stopping = true;
      waking.abort();
      using grace = linkSignals([], graceMs);
      await orAborted(running, grace.signal).catch(() => breaking.abort(new AppError('cancelled', 'the controller is stopping')));
      await running;
    },
  };
}
