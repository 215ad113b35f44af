import type { TakeEvents } from '../../shared/model/agent-event.js';
import { createInTurn } from '../../shared/in-turn.js';
import { openCompactedLog } from '../../shared/ports/compacted-log.js';

/**
 * Hands on each event once, also over restarts: an agent tells it again if it did not hear that it was taken. Its id is noted in the file
 * `path` after `take` has it, so only a crash between the two hands it on twice.
 * Errors: `failed` if the file cannot be used. What it returns rejects as `take` does: nothing is noted then.
 */
export async function openTakeOnce(
  path: string,
  take: TakeEvents,
  keep = 20_000,
): Promise<{ readonly take: TakeEvents; close(): Promise<void> }> {
  /** By `keyOf`. */
  const seen = new Map<string, EventId>();
  const log = await openCompactedLog<EventId>(path, {
    parse: (value) => (isEventId(value) ? value : null),
    learn: remember,
    known: () => seen.values(),
    mostLines: keep * 2,
    hint: `move ${path} away: what the agents tell again is then taken once more`,
  });
  const inTurn = createInTurn();

  return {
    take: (host, events) =>
      inTurn(async () => {
        const fresh = events.filter(({ id }) => !seen.has(keyOf([host, id])));
        if (fresh.length === 0) return;
        await take(host, fresh);
        const ids = fresh.map(({ id }): EventId => [host, id]);
        ids.forEach(remember);
        await log.append(...ids);
      }),
    close: () => inTurn(() => log.close()),
  };

  function remember(id: EventId): void {
    seen.set(keyOf(id), id);
    for (const key of seen.keys()) {
      if (seen.size <= keep) break;
      seen.delete(key);
    }
  }
}

/** Of which host, and its id there. */
type EventId = readonly [string, string];

/** Different for each two, whatever an agent calls itself and its events. */
const keyOf = (id: EventId): string => JSON.stringify(id);

const isEventId = (value: unknown): value is EventId =>
  Array.isArray(value) && value.length === 2 && value.every((part) => typeof part === 'string');
