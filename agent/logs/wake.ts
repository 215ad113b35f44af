import { pause } from '../../shared/abort.js';

/** Tells when it is worth to look at a file again. */
export interface Waker {
  /** Resolves when something may have changed, at the latest after `POLL_MS`; rejects when the signal aborts. */
  wait(signal: AbortSignal): Promise<void>;
  close(): Promise<void>;
}

/** What the system does not tell, or tells only in part, is seen by then. */
const POLL_MS = 250;
/** A busy log is looked at so often, whatever the system tells. */
const PAUSE_MS = 40;

export async function createWaker(path: string): Promise<Waker> {
  // Only who follows pays for it.
  const { watch } = await import('chokidar');
  let wake: () => void = () => undefined;
  let woken = false;
  const watcher = watch(path, { persistent: false, ignoreInitial: true, followSymlinks: true });
  watcher.on('all', () => {
    woken = true;
    wake();
  });
  // A file that cannot be watched is polled.
  watcher.on('error', () => undefined);
  return {
    async wait(signal) {
      await pause(PAUSE_MS, signal);
      if (!woken) await pause(POLL_MS - PAUSE_MS, signal, (done) => (wake = done));
      woken = false;
    },
    close: () => watcher.close(),
  };
}
