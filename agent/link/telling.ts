import { linkSignals, orAborted } from '../../shared/abort.js';
import type { Log } from '../../shared/log.js';
import type { Outbox } from '../../shared/rpc/outbox.js';
import type { Report } from '../../shared/wire/link-messages.js';
import type { EventBuffer } from '../events/event-buffer.js';

export type EventSource = Pick<EventBuffer, 'oldest' | 'added' | 'forget'>;

/** Tells the controller what waits, in order, a portion at a time: the next one when it has said that it has the last. */
export interface Telling {
  /** The controller has these on its disk. */
  taken(ids: readonly string[]): void;
}

export interface TellingDeps {
  readonly events: EventSource;
  readonly reports: Pick<Outbox<Report>, 'send'>;
  readonly log: Log;
}

/** Tells until the signal aborts. */
export function createTelling({ events, reports, log }: TellingDeps, signal: AbortSignal): Telling {
  let answered = (): void => undefined;
  void tell();
  return {
    taken(ids) {
      void events
        .forget(ids)
        // Told again by the next agent, and taken once all the same.
        .catch((error: unknown) => log.error({ error }, 'it cannot be noted that the controller has taken events'))
        .then(() => answered());
    },
  };

  async function tell(): Promise<void> {
    while (!signal.aborted) {
      const portion = events.oldest(PORTION);
      if (portion.length === 0) {
        await events.added(signal).catch(() => undefined);
        continue;
      }
      const taken = new Promise<void>((resolve) => (answered = resolve));
      reports.send({ type: 'events', events: portion, unreadable: [] });
      // A controller that cannot take them now (its disk is full) says nothing: they are told again.
      using bound = linkSignals([signal], AGAIN_MS);
      await orAborted(taken, bound.signal).catch(() => undefined);
    }
  }
}

/** Well below the largest message: an entry has at most 8 KiB of text. */
const PORTION = 50;
const AGAIN_MS = 20_000;
