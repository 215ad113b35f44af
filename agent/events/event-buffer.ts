import { join } from 'node:path';
import { orAborted } from '../../shared/abort.js';
import type { AgentEvent } from '../../shared/model/agent-event.js';
import { makeFolder, openDurableLog, writeFileAtomic, type DurableLog } from '../../shared/ports/files.js';
import { formatLine, readEventLines, type EventLine } from './event-lines.js';
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
  await makeFolder(stateDir);
  const waiting = createWaiting({ most, mostBytes });
  for (const line of await readEventLines(path)) apply(line);
  let log = await compacted();
  let lines = 0;
  let writing: Promise<void> = Promise.resolve();
  const sleepers = new Set<() => void>();

  return {
    async add(event) {
      if (waiting.has(event.id)) return;
      apply({ event });
      try {
        await write({ event });
      } finally {
        for (const wake of sleepers) wake();
      }
    },
    oldest: (count) => waiting.oldest(count),
    async forget(ids) {
      const known = ids.filter((id) => waiting.has(id));
      if (known.length === 0) return;
      apply({ taken: known });
      await write({ taken: known });
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
    async close() {
      await writing;
      await log.close();
    },
  };

  function apply(line: EventLine): void {
    if ('event' in line) waiting.add(line.event);
    else for (const id of line.taken) waiting.remove(id);
  }

  function write(line: EventLine): Promise<void> {
    const written = writing.then(async () => {
      if (lines >= most * 2) {
        const fresh = await compacted();
        await log.close();
        log = fresh;
        lines = 0;
        return;
      }
      await log.append(formatLine(line));
      lines += 1;
    });
    writing = written.catch(() => undefined);
    return written;
  }

  async function compacted(): Promise<DurableLog> {
    await writeFileAtomic(
      path,
      waiting
        .all()
        .map((event) => `${formatLine({ event })}\n`)
        .join(''),
    );
    return openDurableLog(path);
  }
}
