import { reasonOf } from '../../shared/abort.js';
import type { ControlApi } from '../../shared/model/control-api.js';

export interface DeafControl extends ControlApi {
  /** Resolves when it is asked anything. */
  readonly asked: Promise<void>;
}

/** A controller that takes every call and answers none; each ends with its signal. */
export function createDeafControl(): DeafControl {
  let hear: () => void = () => undefined;
  const asked = new Promise<void>((resolve) => (hear = resolve));
  const never = (signal: AbortSignal): Promise<never> => {
    hear();
    return new Promise((_, reject) => {
      if (signal.aborted) reject(reasonOf(signal));
      else signal.addEventListener('abort', () => reject(reasonOf(signal)), { once: true });
    });
  };
  async function* silence(signal: AbortSignal): AsyncGenerator<never> {
    yield await never(signal);
  }
  return {
    asked,
    check: (_, signal) => never(signal),
    status: (_, signal) => never(signal),
    plan: (_, signal) => never(signal),
    run: (_, signal) => silence(signal),
    operations: never,
    events: (_, __, signal) => silence(signal),
    resume: (_, __, signal) => silence(signal),
    halt: (_, __, ___, signal) => never(signal),
    balancers: never,
    setBackends: (_, signal) => never(signal),
    log: (_, signal) => silence(signal),
    incidents: (_, signal) => never(signal),
    memory: (_, signal) => never(signal),
    perf: (_, signal) => never(signal),
    lock: never,
    removeLock: (_, signal) => never(signal),
    mails: never,
    testMail: never,
    diffConfig: never,
  };
}
