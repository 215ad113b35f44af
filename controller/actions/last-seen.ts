import type { ServiceReport } from '../../shared/model/check-report.js';
import { createInTurn } from '../../shared/in-turn.js';
import { createStateFile } from '../state-file.js';
import { LAST_SEEN_FILE } from './last-seen-file.js';

/** The last report of every service, kept over a restart of the controller. */
export interface LastSeen {
  of(service: string): ServiceReport | undefined;
  /** Resolves when it is on the disk. In memory it is kept even if the disk fails. */
  record(reports: readonly ServiceReport[]): Promise<void>;
}

/** Reads what was kept in `path`; no such file is a first start, one that can't be read an error. */
export async function openLastSeen(path: string): Promise<LastSeen> {
  const file = createStateFile(path, {
    schema: LAST_SEEN_FILE,
    what: 'what was last seen',
    hint: 'move the file away: only the last state of each service is lost, and the next check measures it again',
  });
  const seen = new Map((await file.read())?.services.map((report) => [report.name, report]));
  const inTurn = createInTurn();
  return {
    of: (service) => seen.get(service),
    record(reports) {
      for (const report of reports) seen.set(report.name, report);
      return inTurn(() => file.write({ schema: 1, services: [...seen.values()] }));
    },
  };
}
