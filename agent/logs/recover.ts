import { findMoved, SMALLEST_BLOCK_BYTES } from './find-moved.js';
import { readAt, type FollowedFile } from './followed-file.js';
import { beginsAlike, type KnownFiles } from './known-files.js';
import { headerIn, readBytes, type LogFile } from './log-file.js';
import { openArchives, type SearchDeps, type SearchedLog } from './searched-log.js';

/** Where a log goes on that was cut under its reader. */
export interface Recovered {
  /** What was taken away before it could be read, the oldest first; each is to be closed. */
  readonly missed: readonly MissedLog[];
  /** Some of it may be nowhere. */
  readonly lost: boolean;
  /** Where in the log to go on, and before which place it may still change. */
  readonly position: number;
  readonly floor: number;
}

export interface MissedLog {
  readonly log: LogFile;
  readonly from: number;
}

/**
 * A log was cut: bytes were taken from its beginning (collapse), or it was copied and truncated. What had been read last is looked for, in the
 * log itself, then in the archives; what stands behind it has not been read yet.
 */
export async function recover(file: FollowedFile, target: SearchedLog, known: KnownFiles, { signal }: SearchDeps): Promise<Recovered> {
  const { log } = file;
  const moved = await findMoved(file, log, signal);
  if (moved !== null) return { missed: [], lost: false, position: moved, floor: Math.min(moved, await behindRest(log)) };
  const missed = await missedArchives(file, target, known, signal);
  const newest = missed?.at(-1)?.log;
  const position = newest === undefined ? 0 : await behindCutEntry(log, newest);
  return { missed: missed ?? [], lost: missed === null, position, floor: position };
}

/** From the archive on that holds what was read last; null: none does. */
async function missedArchives(
  file: FollowedFile,
  target: SearchedLog,
  known: KnownFiles,
  signal: AbortSignal,
): Promise<readonly MissedLog[] | null> {
  const archives = await openArchives(target, MAX_ARCHIVES);
  const missed: MissedLog[] = [];
  let found = false;
  for (const log of archives) {
    const from: number | null = found ? null : await placeIn(log, file, known, signal);
    found ||= from !== null;
    if (from !== null) missed.unshift({ log, from });
    else if (!found && !known.has(log) && log.packed === null && !(await beginsAlike(log, file.log))) missed.unshift({ log, from: 0 });
    else await log.handle.close();
  }
  if (found) return missed;
  for (const { log } of missed) await log.handle.close();
  return null;
}

const MAX_ARCHIVES = 32;

/** Where in an archive stands what has not been read yet: at the same place as in the log; or earlier, if the log was cut twice. */
async function placeIn(archive: LogFile, file: FollowedFile, known: KnownFiles, signal: AbortSignal): Promise<number | null> {
  const { mark, position } = file;
  if ((await bytesAt(archive, position - mark.length, position, signal)).equals(mark)) return position;
  return known.has(archive) || archive.packed !== null ? null : findMoved(file, archive, signal);
}

async function bytesAt(log: LogFile, from: number, to: number, signal: AbortSignal): Promise<Buffer> {
  if (log.packed === null) return readAt(log, from, to);
  const parts: Buffer[] = [];
  for await (const part of readBytes(log, from, to, signal)) parts.push(Buffer.from(part));
  return Buffer.concat(parts);
}

/**
 * The entry that a collapse cuts is in the archive as a whole; its rest is blanked in the log. If it is not yet, it is not read a second
 * time: where it ends.
 */
export async function behindCutEntry(log: LogFile, archive: LogFile): Promise<number> {
  if (archive.packed !== null) return 0;
  const { size } = await archive.handle.stat();
  const tail = await readAt(archive, Math.max(0, size - MAX_REST_BYTES), size);
  const head = await readAt(log, 0, tail.length);
  for (let rest = size % SMALLEST_BLOCK_BYTES; rest <= head.length; rest += SMALLEST_BLOCK_BYTES) {
    if (rest > 0 && tail.subarray(tail.length - rest).equals(head.subarray(0, rest))) return rest;
  }
  return 0;
}

const MAX_REST_BYTES = 1024 * 1024;

/** Behind the rest of an entry that was cut, blanked or not: what comes before may still change. */
async function behindRest(log: LogFile): Promise<number> {
  const bytes = await readAt(log, 0, MAX_REST_BYTES);
  const first = bytes.indexOf(NEWLINE) + 1;
  if (bytes.subarray(0, first).every((byte) => byte === BLANK || byte === NEWLINE)) return first;
  return headerIn(bytes, 0)?.offset ?? first;
}

const BLANK = 0x20;
const NEWLINE = 0x0a;
