import type { OperationEvent } from '../../shared/model/operation.js';

/** The events of one operation: grows, and can be followed from its beginning by any number of readers. */
export interface EventLog {
  add(event: OperationEvent): void;
  /** No more events come: followers end. */
  end(): void;
  follow(signal: AbortSignal): AsyncIterable<OperationEvent>;
}

export function createEventLog(): EventLog {
  const events: OperationEvent[] = [];
  const sleepers = new Set<() => void>();
  let ended = false;
  const wakeAll = () => {
    for (const wake of sleepers) wake();
  };
  return {
    add(event) {
      events.push(event);
      wakeAll();
    },
    end() {
      ended = true;
      wakeAll();
    },
    async *follow(signal) {
      for (let next = 0; ;) {
        for (let event = events[next]; event !== undefined; event = events[++next]) yield event;
        if (ended || signal.aborted) return;
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
