import { join } from 'node:path';
import { listIncidents } from './incidents.js';
import { status } from './status.js';
import { openLastSeen } from './last-seen.js';
import type { ClusterConfig, Service } from '../config/cluster.js';
import { createHistory, historyOf } from '../history/history.js';
import { openJournalStore, type JournalStore } from '../rolling/journal.js';
import { replay } from '../rolling/progress.js';
import { summaryOf, tellJournal } from '../rolling/report.js';
import type { ControlApi } from '../../shared/model/control-api.js';
import type { OperationSummary } from '../../shared/model/operation.js';
import type { Clock } from '../../shared/ports/clock.js';

export interface RecordsDeps {
  readonly config: ClusterConfig;
  readonly select: (selectors: readonly string[]) => readonly Service[];
  readonly clock: Clock;
  /** Whether a controller works with this state_dir now. */
  readonly isOwned: () => Promise<boolean>;
}

/** What a state_dir tells without a controller: also while one in another process works with it. */
export function createRecords(deps: RecordsDeps): Pick<ControlApi, 'status' | 'incidents' | 'operations' | 'events'> {
  const { config, clock, isOwned } = deps;
  const { stateDir } = config.controller;

  return {
    status: async (request) => status({ ...deps, lastSeen: await openLastSeen(join(stateDir, 'last-seen.json')) }, request),
    async incidents(request) {
      const history = createHistory({ path: historyOf(stateDir), create: false });
      try {
        return await listIncidents({ ...deps, history }, request);
      } finally {
        await history.close();
      }
    },
    async operations() {
      const [journals, owned] = [await openJournalStore(stateDir), await isOwned()];
      const all: OperationSummary[] = [];
      for (const id of await journals.list()) all.push(await summarise(journals, id, owned));
      return all;
    },
    async *events(id, { follow }, signal) {
      const journals = await openJournalStore(stateDir);
      for (let told = 0; ;) {
        // Asked before it is read: what its owner wrote last must not be missed.
        const grows = follow && (await isOwned());
        const journal = await journals.read(id);
        const events = tellJournal(journal);
        yield* events.slice(told);
        told = events.length;
        if (!grows || replay(journal).finished !== null) return;
        await clock.sleep(POLL_MS, signal);
      }
    },
  };
}

/** Of a journal that another process writes. */
const POLL_MS = 300;

/** Without an owner of the state_dir nobody carries it out. */
async function summarise(journals: JournalStore, id: string, owned: boolean): Promise<OperationSummary> {
  const summary = summaryOf(replay(await journals.read(id)));
  return summary.state === 'running' && !owned ? { ...summary, state: 'interrupted' } : summary;
}
