import { stat } from 'node:fs/promises';
import { pause } from '../../shared/abort.js';
import { messageOf } from '../../shared/errors.js';
import type { Waker } from '../logs/index.js';

/** Tells of many logs when one of them has changed; a log at rest costs one `stat` now and then. */
export interface LogWakers {
  open(path: string): Waker;
  close(): Promise<void>;
}

export async function createLogWakers(): Promise<LogWakers> {
  // Only an agent that watches pays for it.
  const { watch } = await import('chokidar');
  const watched = new Map<string, Set<Watched>>();
  const wakeAll = (path: string) => {
    for (const one of watched.get(path) ?? []) one.wake();
  };
  const watcher = watch([], { persistent: false, ignoreInitial: true, followSymlinks: true });
  watcher.on('all', (_, path) => wakeAll(path));
  // What cannot be watched is polled.
  watcher.on('error', () => undefined);
  const timer = setInterval(() => void poll(), POLL_MS).unref();
  let polling = false;

  return {
    open(path) {
      const one = createWatched();
      const all = watched.get(path) ?? new Set();
      watched.set(path, all.add(one));
      watcher.add(path);
      return {
        wait: (signal) => one.changed(signal),
        async close() {
          all.delete(one);
          if (all.size > 0 || watched.get(path) !== all) return;
          watched.delete(path);
          watcher.unwatch(path);
        },
      };
    },
    async close() {
      clearInterval(timer);
      await watcher.close();
    },
  };

  /** A file system that does not answer holds up no second round. */
  async function poll(): Promise<void> {
    if (polling) return;
    polling = true;
    for (const [path, all] of watched) {
      const state = await stateOf(path);
      for (const one of all) one.look(state);
    }
    polling = false;
  }
}

interface Watched {
  wake(): void;
  look(state: string): void;
  /** Resolves at once after a change, a few times more while an entry settles, and then with the next change. */
  changed(signal: AbortSignal): Promise<void>;
}

function createWatched(): Watched {
  let state: string | null = null;
  let restlessUntil = performance.now() + SETTLE_MS;
  let woken = false;
  let resume: () => void = () => undefined;
  const wake = () => {
    restlessUntil = performance.now() + SETTLE_MS;
    woken = true;
    resume();
  };
  return {
    wake,
    look(seen) {
      if (seen !== state) wake();
      state = seen;
    },
    async changed(signal) {
      // However fast a log grows, it is looked at no more often than this.
      await pause(PAUSE_MS, signal);
      const restless = performance.now() < restlessUntil;
      if (!woken) await pause(restless ? LOOK_MS - PAUSE_MS : null, signal, (done) => (resume = done));
      woken = false;
    },
  };
}

/** What the system does not tell (a network file system) is seen by then. */
const POLL_MS = 4_000;
const PAUSE_MS = 50;
const LOOK_MS = 110;
/** Longer than an entry takes to be complete. */
const SETTLE_MS = 600;

async function stateOf(path: string): Promise<string> {
  try {
    const { dev, ino, size, mtimeMs } = await stat(path);
    return `${dev}:${ino}:${size}:${mtimeMs}`;
  } catch (error) {
    return messageOf(error);
  }
}
