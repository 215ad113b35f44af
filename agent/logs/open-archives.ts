import { stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { AppError, isErrno, messageOf } from '../../shared/errors.js';
import type { Archive } from './archives.js';
import { fileId, type LogFile } from './log-file.js';
import { archivesOf, openAllowed, type SearchedLog } from './searched-log.js';

export interface OpenedArchives {
  /** The newest first; each is to be closed. */
  readonly logs: readonly LogFile[];
  /** False: they got other names all the time, and some may not have been seen. */
  readonly complete: boolean;
  /** Why some could not be opened. */
  readonly refused: readonly string[];
  /** So many older ones were not opened. */
  readonly omitted: number;
}

export interface OpenOptions {
  /** Files that need not be opened. */
  readonly except?: ReadonlySet<string>;
  /** Also those that have not got their name yet. */
  readonly drafts?: boolean;
  /** Only those written last, or taken away, then or later: epoch ms. */
  readonly since?: number;
  readonly limit?: number;
  /** Also those that went away while the others were opened: what is packed meanwhile is there in both forms then. */
  readonly vanished?: boolean;
}

/**
 * The newest archives of a log, each once: while they are opened a rotation may give them other names, so that a name stands for another file
 * than the moment before. What may not be read, and what is no file, is left out.
 */
export async function openArchives(
  target: SearchedLog,
  { except = new Set(), drafts = false, since = -Infinity, limit = MAX_ARCHIVES, vanished = true }: OpenOptions = {},
): Promise<OpenedArchives> {
  const opened = new Map<string, Opened>();
  try {
    let listed = await archivesOf(target, drafts);
    for (let pass = 1; ; pass++) {
      const wanted = listed.filter(({ at }) => at >= since);
      const { stood, seen, refused } = await openListed(target, wanted.slice(0, limit), except, opened);
      const now = await archivesOf(target, drafts);
      const complete = stood && isSame(listed, now);
      if (complete || pass === MAX_PASSES) {
        if (complete && !vanished) await closeOthers(opened, seen);
        return { logs: newestFirst(opened), complete, refused, omitted: Math.max(0, wanted.length - limit) };
      }
      listed = now;
    }
  } catch (error) {
    for (const { log } of opened.values()) await log.handle.close();
    throw error;
  }
}

const MAX_ARCHIVES = 64;
const MAX_PASSES = 10;

interface Opened {
  readonly log: LogFile;
  readonly at: number;
}

interface Listed {
  /** False: a name went away, or stood for another file than the moment before. */
  readonly stood: boolean;
  /** The ids of all that could be looked at. */
  readonly seen: ReadonlySet<string>;
  readonly refused: readonly string[];
}

async function openListed(
  target: SearchedLog,
  listed: readonly Archive[],
  except: ReadonlySet<string>,
  opened: Map<string, Opened>,
): Promise<Listed> {
  const refused: string[] = [];
  const seen = new Set<string>();
  let stood = true;
  for (const archive of listed) {
    try {
      const id = fileId(await stat(archive.path));
      if (seen.has(id)) stood = false;
      seen.add(id);
      if (opened.has(id) || except.has(id)) continue;
      const log = await openAllowed(target, archive.path);
      if (log.id !== id) stood = false;
      if (opened.has(log.id) || except.has(log.id)) await log.handle.close();
      // Beside the log names are passed on, and with them what was listed under them.
      else opened.set(log.id, { log, at: dirname(archive.path) === dirname(target.spec.file) ? log.written : archive.at });
    } catch (error) {
      if (isErrno(error, 'ENOENT')) stood = false;
      else if (isRefusal(error)) refused.push(messageOf(error));
      else throw error;
    }
  }
  return { stood, seen, refused };
}

async function closeOthers(opened: Map<string, Opened>, seen: ReadonlySet<string>): Promise<void> {
  for (const [id, { log }] of opened) {
    if (seen.has(id)) continue;
    opened.delete(id);
    await log.handle.close();
  }
}

const isRefusal = (error: unknown): boolean => isErrno(error, 'EACCES', 'EPERM', 'ELOOP', 'ENXIO') || error instanceof AppError;

const isSame = (before: readonly Archive[], now: readonly Archive[]): boolean =>
  before.length === now.length && before.every(({ path, at }, n) => path === now[n]?.path && at === now[n].at);

const newestFirst = (opened: ReadonlyMap<string, Opened>): readonly LogFile[] =>
  [...opened.values()].sort((a, b) => b.at - a.at || b.log.written - a.log.written).map(({ log }) => log);
