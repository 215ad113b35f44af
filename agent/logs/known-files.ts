import { stat } from 'node:fs/promises';
import { isErrno } from '../../shared/errors.js';
import { readAt } from './followed-file.js';
import { bytesAt, fileId, type LogFile } from './log-file.js';
import { openArchives, type OpenedArchives } from './open-archives.js';
import { archivesOf, type SearchedLog } from './searched-log.js';

/** The ids of files whose content has been read, or is nobody's news. */
export type KnownFiles = Set<string>;

/** The archives that there are, without those that were written to after `since` (epoch ms). */
export async function knownArchives(target: SearchedLog, since = Infinity): Promise<KnownFiles> {
  const known: KnownFiles = new Set();
  for (const { path, at } of await archivesOf(target)) {
    if (at >= since) continue;
    try {
      known.add(fileId(await stat(path)));
    } catch (error) {
      if (!isErrno(error, 'ENOENT')) throw error;
    }
  }
  return known;
}

export interface UnreadOptions {
  readonly known: KnownFiles;
  /** How files begin that were read under another name; a copy of one is no news. */
  readonly heads: readonly Buffer[];
  readonly drafts: boolean;
  /** Told of what came, went and was packed since then (epoch ms), each once: where it belongs cannot be told any more. */
  readonly packed?: { readonly since: number; readonly found: (path: string) => void };
  readonly signal: AbortSignal;
}

/** Plain archives that nobody has read: what was written and taken away between two looks. The oldest first; each is to be closed. */
export async function unread(
  target: SearchedLog,
  { known, heads, drafts, packed, signal }: UnreadOptions,
): Promise<Pick<OpenedArchives, 'logs' | 'complete'>> {
  const { logs, complete } = await openArchives(target, { except: known, drafts });
  const found: LogFile[] = [];
  for (const log of logs) {
    const isNews = (log.packed === null || (packed !== undefined && log.written >= packed.since)) && !(await isCopy(log, heads, signal));
    if (isNews && log.packed === null) {
      found.unshift(log);
      continue;
    }
    await log.handle.close();
    if (!isNews) continue;
    known.add(log.id);
    packed?.found(log.path);
  }
  return { logs: found, complete };
}

async function isCopy(log: LogFile, heads: readonly Buffer[], signal: AbortSignal): Promise<boolean> {
  for (const head of heads) {
    // Blanks and NUL bytes are the beginning of many.
    if (head.every((byte) => byte <= BLANK)) continue;
    if ((await bytesAt(log, 0, head.length, signal)).equals(head)) return true;
  }
  return false;
}

/** What is in the archive is still in the log as well, as far as its first bytes tell, or its last: the log has not been cut yet. */
export async function isStillIn(archive: LogFile, log: LogFile): Promise<boolean> {
  if (archive.packed !== null) return false;
  const { size } = await archive.handle.stat();
  return (await isAlike(archive, log, 0, ALIKE_BYTES)) || (await isAlike(archive, log, Math.max(0, size - ALIKE_BYTES), size));
}

async function isAlike(archive: LogFile, log: LogFile, from: number, to: number): Promise<boolean> {
  const [ours, theirs] = await Promise.all([readAt(archive, from, to), readAt(log, from, to)]);
  const length = Math.min(ours.length, theirs.length);
  const start = ours.subarray(0, length);
  return start.equals(theirs.subarray(0, length)) && !start.every((byte) => byte <= BLANK);
}

const ALIKE_BYTES = 16 * 1024;
const BLANK = 0x20;
