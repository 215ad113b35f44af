import type { JournalEvent } from '../rolling/events.js';
import type { JournalStore } from '../rolling/journal.js';
import { replay } from '../rolling/progress.js';
import { summaryOf } from '../rolling/report.js';
import { AppError } from '../../shared/errors.js';
import type { Log } from '../../shared/log.js';
import type { OperationSummary } from '../../shared/model/operation.js';
import type { Clock } from '../../shared/ports/clock.js';
import { stoppedBy } from './stopped.js';

/** What the journals tell, of the operation in hand as well. Errors: `not-found`, and `failed` for a journal that cannot be read. */
export interface PastOperations {
  /** Oldest first. */
  summaries(): Promise<OperationSummary[]>;
  state(id: string): Promise<OperationSummary['state']>;
  /** The journal of one that can be gone on with. Errors: `precondition` for one that has an end. */
  unfinished(id: string, what: 'resume' | 'abort'): Promise<readonly JournalEvent[]>;
  /** Errors: `conflict` while one is neither finished nor in hand. */
  refuseWhileUnfinished(): Promise<void>;
  /** Services that are down because an operation was to stop them. */
  stopped(): Promise<ReadonlySet<string>>;
  /** An operation has ended: what is too old to be told goes. Never rejects. */
  tidy(): Promise<void>;
}

export interface PastOperationsDeps {
  readonly journals: JournalStore;
  readonly clock: Clock;
  readonly log: Log;
  /** It runs here, or is about to. */
  readonly isInHand: (id: string) => boolean;
}

export function createPastOperations({ journals, clock, log, isInHand }: PastOperationsDeps): PastOperations {
  /** Holds until the next operation has ended. */
  let stopped: Promise<ReadonlySet<string>> | null = null;

  return {
    summaries,
    state: async (id) => summary(id, await journals.read(id)).state,
    async unfinished(id, what) {
      const journal = await journals.read(id);
      const { state } = summary(id, journal);
      if (state !== 'completed' && state !== 'aborted') return journal;
      throw new AppError('precondition', `operation ${id} is ${state}: there is nothing to ${what}`);
    },
    async refuseWhileUnfinished() {
      const unfinished = (await summaries()).find(({ state }) => state === 'interrupted');
      if (unfinished === undefined) return;
      const { id } = unfinished;
      throw new AppError('conflict', `operation ${id} was interrupted and is not finished`, {
        hint: `ctl operations resume ${id}, or ctl operations abort ${id}`,
      });
    },
    stopped() {
      stopped ??= summaries().then((all) => new Set(stoppedBy(all).keys()));
      stopped.catch(() => (stopped = null));
      return stopped;
    },
    async tidy() {
      try {
        await prune();
      } catch (error) {
        log.error({ error }, 'old operations could not be deleted');
      }
      stopped = null;
    },
  };

  async function summaries(): Promise<OperationSummary[]> {
    const all: OperationSummary[] = [];
    for (const id of await journals.list()) all.push(summary(id, await journals.read(id)));
    return all;
  }

  /** One that is not in hand, and has no end, was interrupted in the hardest way. */
  function summary(id: string, journal: readonly JournalEvent[]): OperationSummary {
    const told = summaryOf(replay(journal));
    return told.state === 'running' && !isInHand(id) ? { ...told, state: 'interrupted' } : told;
  }

  /** Never what is not finished, nor that by which one knows that a service is down on purpose. */
  async function prune(): Promise<void> {
    const stops = new Set(stoppedBy(await summaries()).values());
    const isNeeded = (journal: readonly JournalEvent[]) => {
      const { id, state } = summaryOf(replay(journal));
      return state === 'running' || state === 'interrupted' || stops.has(id);
    };
    const pruned = await journals.prune(clock.now(), isNeeded);
    if (pruned.length > 0) log.info({ operations: pruned }, `${pruned.length} old operations are forgotten`);
  }
}
