import { stat } from 'node:fs/promises';
import { isErrno } from '../../shared/errors.js';
import { followFile, MARK_BYTES, readAt, type FollowedFile } from './followed-file.js';
import type { LogFile } from './log-file.js';
import { archivesOf, openAllowed, type SearchedLog } from './searched-log.js';

/** How far a log has been read; known again whatever becomes of the file meanwhile. */
export interface LogPlace {
  readonly dev: number;
  readonly ino: number;
  readonly offset: number;
  /** The bytes before it, in base64. */
  readonly mark: string;
  /** Epoch ms. */
  readonly at: number;
}

export async function placeIn(log: LogFile, offset: number, now: number): Promise<LogPlace> {
  const mark = await readAt(log, Math.max(0, offset - MARK_BYTES), offset);
  return { dev: log.dev, ino: log.ino, offset, mark: mark.toString('base64'), at: now };
}

/**
 * The file in which reading goes on: the log, or the archive that it has become. Without a place it is where the last line of the log ends:
 * what stands there is old. null: there is no log yet.
 */
export async function openAtPlace(target: SearchedLog, place: LogPlace | null): Promise<FollowedFile | null> {
  const log = await logOf(target);
  if (place === null) return log === null ? null : atEnd(log);
  const mark = Buffer.from(place.mark, 'base64');
  if (log !== null && isAt(log, place)) return followFile(log, place.offset, mark);
  const archive = await renamedTo(target, place);
  const file = archive ?? log;
  if (archive !== null) await log?.handle.close();
  return file === null ? null : followFile(file, place.offset, mark);
}

async function atEnd(log: LogFile): Promise<FollowedFile> {
  const tail = await readAt(log, Math.max(0, log.size - MAX_LINE_BYTES), log.size);
  const unfinished = tail.length - (tail.lastIndexOf(NEWLINE) + 1);
  return followFile(log, log.size - unfinished);
}

const MAX_LINE_BYTES = 64 * 1024;
const NEWLINE = 0x0a;

async function logOf(target: SearchedLog): Promise<LogFile | null> {
  try {
    return await openAllowed(target, target.path);
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return null;
    throw error;
  }
}

const isAt = (file: { readonly dev: number; readonly ino: number }, place: LogPlace) => file.dev === place.dev && file.ino === place.ino;

/** A rotation gave the log this name. */
async function renamedTo(target: SearchedLog, place: LogPlace): Promise<LogFile | null> {
  for (const { path } of await archivesOf(target)) {
    try {
      if (!isAt(await stat(path), place)) continue;
      const archive = await openAllowed(target, path);
      if (isAt(archive, place) && archive.packed === null) return archive;
      await archive.handle.close();
    } catch (error) {
      if (!isErrno(error, 'ENOENT')) throw error;
    }
  }
  return null;
}
