import { linkSignals } from '../../shared/abort.js';

/** Wakes everybody who waits for something to happen. */
export interface Bell {
  ring(): void;
  /** Resolves when it is rung next. */
  rings(): Promise<void>;
  /** `sleep` for `ms`, cut short when it is rung. Rejects when `signal` aborts. */
  sleep(ms: number, sleep: (ms: number, signal: AbortSignal) => Promise<void>, signal: AbortSignal): Promise<void>;
}

export function createBell(): Bell {
  const waiting = new Set<() => void>();
  return {
    ring() {
      for (const wake of [...waiting]) wake();
    },
    rings: () =>
      new Promise((resolve) => {
        const wake = () => {
          waiting.delete(wake);
          resolve();
        };
        waiting.add(wake);
      }),
    async sleep(ms, sleep, signal) {
      const early = new AbortController();
      const wake = () => early.abort();
      using linked = linkSignals([signal, early.signal]);
      waiting.add(wake);
      try {
        await sleep(ms, linked.signal);
      } catch (error) {
        if (!early.signal.aborted) throw error;
      } finally {
        waiting.delete(wake);
      }
    },
  };
}
