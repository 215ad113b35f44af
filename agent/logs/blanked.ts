import { isBlank, SURE_BYTES } from './find-moved.js';
import { readAt } from './followed-file.js';
import type { LogFile } from './log-file.js';
import { openArchives } from './open-archives.js';
import type { SearchedLog } from './searched-log.js';

/** What was read from a log, and what stood before it. */
export interface Portion {
  readonly before: Buffer;
  /** Offset of `bytes`. */
  readonly from: number;
  readonly bytes: Buffer;
}

/**
 * Just before bytes are taken from the beginning of a log, the rest of the entry that they end in is blanked; the archive has it whole. Whoever
 * had not read it yet would see nothing of it. Answers the bytes as they were.
 */
export async function unblanked(portion: Portion, target: SearchedLog): Promise<Buffer> {
  if (!hasBlankLine(portion.bytes)) return portion.bytes;
  const { logs } = await openArchives(target, { drafts: true });
  try {
    for (const archive of logs) {
      const found = archive.packed === null ? await asArchived(portion, archive) : null;
      if (found !== null) return found;
    }
    return portion.bytes;
  } finally {
    for (const { handle } of logs) await handle.close();
  }
}

function hasBlankLine(bytes: Buffer): boolean {
  for (let end = bytes.indexOf(BLANK_END); end >= 0; end = bytes.indexOf(BLANK_END, end + 1)) {
    let at = end;
    while (at >= 0 && bytes[at] === BLANK) at -= 1;
    if (at < 0 || bytes[at] === NEWLINE) return true;
  }
  return false;
}

const BLANK_END = ' \n';
const BLANK = 0x20;
const NEWLINE = 0x0a;

/** null: it is no archive of this, or nothing of it is blank that is not blank there. */
async function asArchived({ before, from, bytes }: Portion, archive: LogFile): Promise<Buffer | null> {
  const archived = await readAt(archive, from - before.length, from + bytes.length);
  const same = commonLength(archived, Buffer.concat([before, bytes]));
  const end = archived.length - before.length;
  if (same < SURE_BYTES || same === archived.length || end <= 0) return null;
  const start = Math.max(0, same - before.length);
  if (!isBlank(bytes.subarray(start, end))) return null;
  return Buffer.concat([bytes.subarray(0, start), archived.subarray(before.length + start), bytes.subarray(end)]);
}

/** The end of an archive is blanked in its log, and what stands before it has not been taken off yet. */
export async function isBlankedIn(log: LogFile, archive: LogFile): Promise<boolean> {
  if (archive.packed !== null) return false;
  const { size } = await archive.handle.stat();
  const from = Math.max(0, size - COMPARED_BYTES);
  const [archived, there] = await Promise.all([readAt(archive, from, size), readAt(log, from, size)]);
  const same = commonLength(archived, there);
  return there.length === archived.length && same >= SURE_BYTES && same < archived.length && isBlank(there.subarray(same));
}

/** More than a file system allots at once. */
const COMPARED_BYTES = 256 * 1024;

function commonLength(a: Buffer, b: Buffer): number {
  let length = 0;
  while (length < a.length && a[length] === b[length]) length += 1;
  return length;
}
