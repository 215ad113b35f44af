import { stat } from 'node:fs/promises';
import { isErrno } from '../../shared/errors.js';
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
export const archivesOf = ({ service, spec, archiveDir }: SearchedLog): Promise<readonly Archive[]> =>
  listArchives({ service, file: spec.file, archiveDir });

/**
 * The newest archives that `wanted` lets pass, the newest first, each once: while they are opened they may get other names. Each is to be
 * closed.
 */
export async function openArchives(
  target: SearchedLog,
  most: number,
  wanted: (file: Pick<LogFile, 'dev' | 'ino'>) => boolean = () => true,
): Promise<readonly LogFile[]> {
  for (let attempt = 1; ; attempt++) {
    const opened: LogFile[] = [];
    const stable = await openAll(target, (await archivesOf(target)).slice(0, most), wanted, opened);
    if (stable || attempt === MAX_ATTEMPTS) return opened;
    for (const { handle } of opened) await handle.close();
  }
}

const MAX_ATTEMPTS = 5;

/** False: a name went away, or stood for a file that had another name before. */
async function openAll(
  target: SearchedLog,
  archives: readonly Archive[],
  wanted: (file: Pick<LogFile, 'dev' | 'ino'>) => boolean,
  opened: LogFile[],
): Promise<boolean> {
  const seen = new Set<number>();
  try {
    for (const { path } of archives) {
      const { dev, ino } = await stat(path);
      if (seen.has(ino)) return false;
      seen.add(ino);
      if (!wanted({ dev, ino })) continue;
      const log = await openAllowed(target, path);
      opened.push(log);
      if (log.ino !== ino) return false;
    }
    return true;
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return false;
    for (const { handle } of opened.splice(0)) await handle.close();
    throw error;
  }
}
