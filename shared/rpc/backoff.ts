export interface Backoff {
  /** How long to wait before the next attempt. */
  next(): number;
  /** After a success. */
  reset(): void;
}

export interface BackoffOptions {
  readonly initialMs?: number;
  readonly maxMs?: number;
  /** In [0, 1). */
  readonly random?: () => number;
}

/** Doubles from `initialMs` to `maxMs`; each wait is between half of that and the whole, so that many agents do not come back at once. */
export function createBackoff({ initialMs = 100, maxMs = 2_000, random = Math.random }: BackoffOptions = {}): Backoff {
  let ceiling = initialMs;
  return {
    next() {
      const wait = ceiling * (0.5 + random() / 2);
      ceiling = Math.min(ceiling * 2, maxMs);
      return wait;
    },
    reset() {
      ceiling = initialMs;
    },
  };
}
