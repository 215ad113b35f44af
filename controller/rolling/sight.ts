import type { StepAction, StepContext } from './decide-step.js';
import type { Attempts } from './facts.js';

/** Whether the step in hand sees what it goes by. */
export interface Sight {
  /** Epoch ms since which it does not; null: it does. */
  readonly blindSince: number | null;
  /** How long it did not, before. */
  readonly lostMs: number;
}

export const SEEING: Sight = { blindSince: null, lostMs: 0 };

/** After a look on which `action` was decided. */
export function lookedAt({ blindSince, lostMs }: Sight, action: StepAction, now: number): Sight {
  const blind = action.do === 'wait' && action.blind === true;
  if (blind) return { blindSince: blindSince ?? now, lostMs };
  return { blindSince: null, lostMs: lostMs + (blindSince === null ? 0 : now - blindSince) };
}

/** What its step is decided by, besides the facts. */
export function contextAt(now: number, attempts: Attempts, { blindSince, lostMs }: Sight): StepContext {
  const blindMs = blindSince === null ? 0 : now - blindSince;
  return { now, attempts, blindMs, lostMs: lostMs + blindMs };
}
