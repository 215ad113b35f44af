import { AppError, messageOf } from '../../shared/errors.js';
import { systemClock } from '../../shared/ports/clock.js';

/** Asks every 50 ms until `probe` answers true, or a value that is not null. What it throws counts as "not yet". */
export async function until<T>(
  what: string,
  probe: () => Promise<T | null | false>,
  wait: { timeoutMs: number; signal: AbortSignal },
): Promise<T> {
  const deadline = performance.now() + wait.timeoutMs;
  for (let why = 'not yet'; ;) {
    wait.signal.throwIfAborted();
    try {
      const found = await probe();
      if (found !== null && found !== false) return found;
    } catch (error) {
      why = messageOf(error);
    }
    if (performance.now() > deadline) throw new AppError('timeout', `${what}: not within ${wait.timeoutMs} ms (${why})`);
    await systemClock.sleep(POLL_MS, wait.signal);
  }
}

const POLL_MS = 50;
