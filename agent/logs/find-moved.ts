import { MARK_BYTES, readAt, type FollowedFile } from './followed-file.js';
import { readBytes, type LogFile } from './log-file.js';

export interface MovedPlace {
  readonly position: number;
  /** So many bytes before it are the ones that were read; before them stand blanks, or nothing. */
  readonly same: number;
}

/**
 * Where what was read last stands now, in the same file or in an archive of it, if whole blocks before it are gone. The rest of the entry that
 * was cut may have been blanked meanwhile, and with it the beginning of what was read last. The place with the most equal bytes.
 */
export async function findMoved(
  { mark, position }: Pick<FollowedFile, 'mark' | 'position'>,
  log: LogFile,
  signal: AbortSignal,
): Promise<MovedPlace | null> {
  if (mark.length < MARK_BYTES) return null;
  const end = mark.subarray(mark.length - SURE_BYTES);
  let best: MovedPlace | null = null;
  let carried = Buffer.alloc(0);
  let base = 0;
  for await (const chunk of readBytes({ ...log, packed: null }, 0, null, signal)) {
    const bytes = Buffer.concat([carried, chunk]);
    for (let at = bytes.indexOf(end); at >= 0; at = bytes.indexOf(end, at + 1)) {
      const found = base + at + end.length;
      if ((position - found) % SMALLEST_BLOCK_BYTES !== 0) continue;
      const same = await sameBefore(mark, log, found);
      if (same === mark.length) return { position: found, same };
      if (same > (best?.same ?? 0)) best = { position: found, same };
    }
    carried = bytes.subarray(Math.max(0, bytes.length - end.length + 1));
    base += bytes.length - carried.length;
  }
  return best;
}

/** What a file system may allot: bytes are taken away in multiples of it. */
export const SMALLEST_BLOCK_BYTES = 512;
/** Fewer equal bytes could be chance. */
export const SURE_BYTES = 16;

/** How many bytes of the mark stand before `end`, if there is nothing else before them; else 0. */
async function sameBefore(mark: Buffer, log: LogFile, end: number): Promise<number> {
  const there = await readAt(log, Math.max(0, end - mark.length), end);
  let same = 0;
  while (same < there.length && there[there.length - 1 - same] === mark[mark.length - 1 - same]) same += 1;
  if (same === mark.length) return same;
  return isBlank(await readAt(log, 0, end - same)) ? same : 0;
}

/** As a collapse leaves the rest of the entry that it cuts. */
export const isBlank = (bytes: Buffer): boolean => bytes.every((byte) => byte === BLANK || byte === NEWLINE);

const BLANK = 0x20;
const NEWLINE = 0x0a;
