import { AppError } from '../../shared/errors.js';
import type { Clock } from '../../shared/ports/clock.js';

/** An agent that goes away meanwhile is waited for: the same command is given again, and the agent does it once. */
const AWAY_MS = 60_000;
const RETRY_MS = 1_000;

/** Gives a command that carries an id until it is answered. */
export async function askAgain<T>(clock: Clock, command: () => Promise<T>, signal: AbortSignal): Promise<T> {
  for (let awaySince: number | null = null; ;) {
    try {
      return await command();
    } catch (error) {
      if (!(error instanceof AppError) || error.code !== 'unreachable') throw error;
      awaySince ??= clock.now();
      if (clock.now() - awaySince >= AWAY_MS) throw error;
      await clock.sleep(RETRY_MS, signal);
    }
  }
}
