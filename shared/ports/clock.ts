import { pause } from '../abort.js';

export interface Clock {
  /** Epoch milliseconds that never run backwards within a process: fit for time stamps and for durations. */
  now(): number;
  /** Rejects with the signal's reason when it aborts. */
  sleep(ms: number, signal: AbortSignal): Promise<void>;
}

export interface WallClock extends Clock {
  /** What this host says the time is, epoch ms. It can be set, also back: only for what is compared with other hosts, and with logs. */
  wallTime(): number;
}

export const systemClock: WallClock = {
  wallTime: () => Date.now(),
  now: () => performance.timeOrigin + performance.now(),
  sleep: (ms, signal) => pause(ms, signal),
};

/** Resolves when `work` does, at the latest after `ms`; rejects if it does by then. */
export async function atMost(ms: number, work: Promise<void>, clock: Clock = systemClock): Promise<void> {
  const over = new AbortController();
  try {
    await Promise.race([work, clock.sleep(Math.max(0, ms), over.signal).catch(() => undefined)]);
  } finally {
    over.abort();
  }
}
