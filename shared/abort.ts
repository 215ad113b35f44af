import { setMaxListeners } from 'node:events';
import { AppError } from './errors.js';

interface LinkedSignal extends Disposable {
  readonly signal: AbortSignal;
}

/**
 * A signal that aborts with the first of `parents`, or with a `timeout` error after `timeoutMs`. Dispose of it when the work is done:
 * `AbortSignal.any` would leave a listener on a long-lived parent for each call.
 */
export function linkSignals(parents: readonly AbortSignal[], timeoutMs?: number, what = 'the call'): LinkedSignal {
  const controller = new AbortController();
  // Many may wait on one signal at a time, and each lets go of it: no leak to be warned of.
  setMaxListeners(0, controller.signal);
  const onAbort = (event: Event) => controller.abort((event.target as AbortSignal).reason);
  for (const parent of parents) {
    if (parent.aborted) controller.abort(parent.reason);
    else parent.addEventListener('abort', onAbort, { once: true });
  }
  const timer =
    timeoutMs === undefined
      ? undefined
      : setTimeout(
          () => controller.abort(new AppError('timeout', `${what} took longer than ${timeoutMs} ms`)),
          Math.min(timeoutMs, MAX_TIMER_MS),
        );
  return {
    signal: controller.signal,
    [Symbol.dispose]() {
      clearTimeout(timer);
      for (const parent of parents) parent.removeEventListener('abort', onAbort);
    },
  };
}

/** `setTimeout` fires at once beyond this. */
export const MAX_TIMER_MS = 2 ** 31 - 1;

/** Settles as `work`, or rejects with the signal's reason as soon as it aborts; `work` itself goes on unwatched. */
export function orAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const onAbort = () => reject(reasonOf(signal));
    if (signal.aborted) onAbort();
    else signal.addEventListener('abort', onAbort, { once: true });
    // Watched even after an abort: what `work` rejects with then must not become an unhandled rejection.
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort));
  });
}

/** Throws what `reasonOf` says of an aborted signal. */
export function throwIfAborted(signal: AbortSignal): void {
  if (signal.aborted) throw reasonOf(signal);
}

export function reasonOf(signal: AbortSignal): Error {
  return signal.reason instanceof AppError ? signal.reason : new AppError('cancelled', 'cancelled', { cause: signal.reason });
}

/** Resolves after `ms` (null: not by itself), or as soon as what `orEarlier` gets is called; rejects with the signal's reason when it aborts. */
export function pause(ms: number | null, signal: AbortSignal, orEarlier: (done: () => void) => void = () => undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const end = (settle: () => void) => {
      clearTimeout(timer);
      signal.removeEventListener('abort', onAbort);
      settle();
    };
    const onAbort = () => end(() => reject(reasonOf(signal)));
    const timer = ms === null ? undefined : setTimeout(() => end(resolve), Math.min(ms, MAX_TIMER_MS));
    signal.addEventListener('abort', onAbort, { once: true });
    orEarlier(() => end(resolve));
    if (signal.aborted) onAbort();
  });
}
