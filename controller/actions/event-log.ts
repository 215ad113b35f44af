import type { AppError } from '../../shared/errors.js';
import type { OperationEvent } from '../../shared/model/operation.js';

/** The events of one operation: grows, and can be followed from its beginning by any number of readers. */
export interface EventLog {
  add(event: OperationEvent): void;
  /** No more events come: followers end, or reject with `why` there is no result among what they have seen. */
  end(why: AppError | null): void;
  follow(signal: AbortSignal): AsyncIterable<OperationEvent>;
}

export function createEventLog(): EventLog {
  const events: OperationEvent[] = [];
  const sleepers = new Set<() => void>();
  let ended: { readonly why: AppError | null } | null = null;
  const wakeAll = () => {
    for (const wake of sleepers) wake();
  };
  return {
    add(event) {
      events.push(event);
      wakeAll();
    },
    end(why) {
      ended = { why };
      wakeAll();
    },
    async *follow(signal) {
      for (let next = 0; ;) {
        for (let event = events[next]; event !== undefined; event = events[++next]) yield event;
        if (signal.aborted) return;
        if (ended?.why) throw ended.why;
        if (ended) return;
        await new Promise<void>((resolve) => {
          const wake = () => {
            sleepers.delete(wake);
            signal.removeEventListener('abort', wake);
            resolve();
          };
          sleepers.add(wake);
          signal.addEventListener('abort', wake, { once: true });
        });
      }
    },
  };
}
