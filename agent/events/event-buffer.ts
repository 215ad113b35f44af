import { join } from 'node:path';
import { orAborted } from '../../shared/abort.js';
import type { AgentEvent } from '../../shared/model/agent-event.js';
import { openCompactedLog } from '../../shared/ports/compacted-log.js';
import { isEventLine, type EventLine } from './event-lines.js';
import { createWaiting } from './waiting-events.js';

/** Events on the agent's disk, until the controller has them on its own. */
export interface EventBuffer {
  /**
   * Resolves when it is on the disk; one that waits already is not taken twice. If the disk does not take it, it rejects, and the event waits
   * in memory all the same.
   */
  add(event: AgentEvent): Promise<void>;
  /** Those that wait longest, the oldest first. */
  oldest(most: number): readonly AgentEvent[];
  /** The controller has them. */
  forget(ids: readonly string[]): Promise<void>;
  /** Resolves with the next one that is added; rejects when the signal aborts. */
  added(signal: AbortSignal): Promise<void>;
  close(): Promise<void>;
}

export interface EventBufferOptions {
  /** How many wait at most, and how many bytes they take: of more the oldest are dropped, and the next of the same service says how many. */
  readonly most?: number;
  readonly mostBytes?: number;
}

/** Errors: `failed` if the file is there and cannot be used: what it holds has been told to nobody. */
export async function openEventBuffer(stateDir: string, options: EventBufferOptions = {}): Promise<EventBuffer> {
  const { most = 1_000, mostBytes = 4 * 1024 * 1024 } = options;
  const path = join(stateDir, 'events.jsonl');
  const waiting = createWaiting({ most, mostBytes });
  const log = await openCompactedLog<EventLine>(path, {
    parse: (value) => (isEventLine(value) ? value : null),
    learn: apply,
    known: () => waiting.all().map((event) => ({ event })),
    mostLines: most * 3,
    hint: `move ${path} away: the controller is then not told of what it holds`,
  });
  const sleepers = new Set<() => void>();

  return {
    async add(event) {
      if (waiting.has(event.id)) return;
      apply({ event });
      try {
        await log.append({ event });
      } finally {
        for (const wake of sleepers) wake();
      }
    },
    oldest: (count) => waiting.oldest(count),
    async forget(ids) {
      const known = ids.filter((id) => waiting.has(id));
      if (known.length === 0) return;
      apply({ taken: known });
      await log.append({ taken: known });
    },
    async added(signal) {
      let wake = (): void => undefined;
      const woken = new Promise<void>((resolve) => sleepers.add((wake = resolve)));
      try {
        await orAborted(woken, signal);
      } finally {
        sleepers.delete(wake);
      }
    },
    close: () => log.close(),
  };

  function apply(line: EventLine): void {
    if ('event' in line) waiting.add(line.event);
    else for (const id of line.taken) waiting.remove(id);
  }
}
