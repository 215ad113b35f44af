import type { AppError } from '../../../shared/errors.js';
import type { OperationEvent } from '../../../shared/model/operation.js';

/** How an operation is shown while it runs: live on a terminal, as lines without one, as JSON. */
export interface OperationView {
  /** Every event, the result among them. */
  show(event: OperationEvent): void;
  /** What `ctl` itself has to say meanwhile. */
  say(message: string): void;
  /** The stream ended without a result. */
  fail(error: AppError, exit: number, operation: string | null): void;
  close(): void;
}

/** False for a note that says of a service what the note before said of it: a wait that goes on is told once. */
export function createNewsFilter(): (note: Extract<OperationEvent, { type: 'note' }>) => boolean {
  const told = new Map<string | null, string>();
  return ({ service, message }) => {
    const before = told.get(service);
    told.set(service, message);
    return before !== message;
  };
}
