import { openedPath } from '../opened-path.js';
import type { LogSpec } from '../../shared/model/service.js';
import type { Clock } from '../../shared/ports/clock.js';
import { listArchives, type Archive } from './archives.js';
import { openLog, type LogFile } from './log-file.js';
import type { Ripgrep } from './ripgrep.js';

/** The log that is asked about, and what its agent allows. */
export interface SearchedLog {
  /** As in cluster.ini. */
  readonly service: string;
  /** The path as it is written there: where its links lead may change. */
  readonly path: string;
  /** Its file is where the links of the path lead now. */
  readonly spec: LogSpec;
  /** Where it is rotated to; '' if nowhere. */
  readonly archiveDir: string;
  /** The path behind the links of this one; rejects with `denied`. */
  readonly allowed: (path: string) => Promise<string>;
}

export interface SearchDeps {
  readonly clock: Clock;
  readonly ripgrep: () => Promise<Ripgrep>;
  readonly signal: AbortSignal;
}

/** The log, or an archive of it, where its links lead now. What was opened is looked at once more: a link may have come in between. */
export async function openAllowed({ allowed }: Pick<SearchedLog, 'allowed'>, path: string): Promise<LogFile> {
  const log = await openLog(await allowed(path));
  try {
    await allowed(await openedPath(log.handle, log.path));
    return log;
  } catch (error) {
    await log.handle.close();
    throw error;
  }
}

/** What has been rotated away from it, the newest first. */
export const archivesOf = ({ service, spec, archiveDir }: SearchedLog, drafts = false): Promise<readonly Archive[]> =>
  listArchives({ service, file: spec.file, archiveDir, drafts });
