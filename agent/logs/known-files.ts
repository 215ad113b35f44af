import { readAt } from './followed-file.js';
import type { LogFile } from './log-file.js';
import { openArchives, type SearchedLog } from './searched-log.js';

type Identity = Pick<LogFile, 'dev' | 'ino'>;

/** Files whose content has been read, or was there before anybody read. */
export interface KnownFiles {
  has(file: Identity): boolean;
  add(file: Identity): void;
}

export function createKnownFiles(): KnownFiles {
  const ids = new Set<string>();
  const id = ({ dev, ino }: Identity) => `${dev}:${ino}`;
  return { has: (file) => ids.has(id(file)), add: (file) => void ids.add(id(file)) };
}

/**
 * Plain archives that nobody has read: what was written and taken away between two looks. The oldest first; each is to be closed. `heads`:
 * how files begin that were read under another name; a copy of one is no news.
 */
export async function unread(target: SearchedLog, known: KnownFiles, heads: readonly Buffer[]): Promise<readonly LogFile[]> {
  const found: LogFile[] = [];
  for (const log of await openArchives(target, MAX_ARCHIVES, (file) => !known.has(file))) {
    known.add(log);
    if (log.packed === null && !(await isCopy(log, heads))) found.unshift(log);
    else await log.handle.close();
  }
  return found;
}

const MAX_ARCHIVES = 64;

async function isCopy(log: LogFile, heads: readonly Buffer[]): Promise<boolean> {
  for (const head of heads) {
    // Blanks and NUL bytes are the beginning of many.
    if (head.every((byte) => byte <= BLANK)) continue;
    if ((await readAt(log, 0, head.length)).equals(head)) return true;
  }
  return false;
}

/** One is a copy of the other, as far as its first bytes tell. */
export async function beginsAlike(archive: LogFile, log: LogFile): Promise<boolean> {
  if (archive.packed !== null) return false;
  const [ours, theirs] = await Promise.all([readAt(archive, 0, ALIKE_BYTES), readAt(log, 0, ALIKE_BYTES)]);
  const length = Math.min(ours.length, theirs.length);
  const start = ours.subarray(0, length);
  return start.equals(theirs.subarray(0, length)) && !start.every((byte) => byte <= BLANK);
}

const ALIKE_BYTES = 16 * 1024;
const BLANK = 0x20;
