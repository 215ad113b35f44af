import { orAborted } from '../../shared/abort.js';

/** Runs pieces of work that share a key one after the other, in the order in which they came. */
interface Turns {
  /** Rejects with the signal's reason if it aborts before the turn comes; work that has begun is not interrupted. */
  take<T>(key: string, signal: AbortSignal, work: () => Promise<T>): Promise<T>;
}

export function createTurns(): Turns {
  const last = new Map<string, Promise<void>>();
  return {
    async take(key, signal, work) {
      const before = last.get(key) ?? Promise.resolve();
      const mine = orAborted(before, signal).then(work);
      const done = () => undefined;
      // Who gives up early must not let the next one in before the one ahead has ended.
      const tail = before.then(() => mine).then(done, done);
      last.set(key, tail);
      void tail.then(() => last.get(key) === tail && last.delete(key));
      return mine;
    },
  };
}

/** By the path of a balancer's file; one for all drivers of this process: two that edit one file must not meet. */
export const fileTurns = createTurns();
