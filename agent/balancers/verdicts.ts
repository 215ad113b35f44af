import { createHash } from 'node:crypto';

/** Remembers what has passed a check that gives the same answer to the same input. */
export interface Verdicts {
  /** Runs `check` unless exactly these parts have passed it before; a rejection is passed on and not remembered. */
  accepted(parts: readonly string[], check: () => Promise<void>): Promise<void>;
}

/** The newest `limit` verdicts are kept. */
export function createVerdicts(limit: number): Verdicts {
  const passed = new Set<string>();
  return {
    async accepted(parts, check) {
      const hash = createHash('sha256');
      for (const part of parts) hash.update(`${part.length}:`).update(part);
      const key = hash.digest('base64');
      if (!passed.delete(key)) await check();
      passed.add(key);
      for (const oldest of passed) {
        if (passed.size <= limit) break;
        passed.delete(oldest);
      }
    },
  };
}
