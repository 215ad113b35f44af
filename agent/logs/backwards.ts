import type { FileHandle } from 'node:fs/promises';
import { throwIfAborted } from '../../shared/abort.js';
import { MAX_LINE_BYTES, textOfLine } from './entries.js';

export interface BackwardsOptions {
  /** Nothing before is read; the line that it is in counts as if it began there. */
  readonly from?: number;
  readonly chunkBytes?: number;
}

/**
 * The offset of the last line (before `end`) for which `wanted` holds; null if there is none. Reads from the end, so a hit near the
 * end of a huge file is found at once; memory is two chunks, whatever the length of a line.
 */
export async function findLastLine(
  file: FileHandle,
  end: number,
  wanted: (line: string) => boolean,
  signal: AbortSignal,
  { from = 0, chunkBytes = 256 * 1024 }: BackwardsOptions = {},
): Promise<number | null> {
  // The beginning of the line that starts in an earlier chunk.
  let rest: Buffer = Buffer.alloc(0);
  let position = end;
  while (position > from) {
    throwIfAborted(signal);
    const size = Math.min(chunkBytes, position - from);
    position -= size;
    const chunk = Buffer.alloc(size);
    const { bytesRead } = await file.read(chunk, 0, size, position);
    if (bytesRead < size) return null;
    const bytes = Buffer.concat([chunk, rest]);
    let lineEnd = bytes.length;
    for (
      let at = bytes.lastIndexOf(NEWLINE, lineEnd - 1);
      at >= 0 && lineEnd > 0;
      at = lineEnd > 0 ? bytes.lastIndexOf(NEWLINE, lineEnd - 1) : -1
    ) {
      if (wanted(lineAt(bytes, at + 1, lineEnd))) return position + at + 1;
      lineEnd = at;
    }
    // Of a line that is still open only the beginning matters.
    rest = Buffer.from(bytes.subarray(0, Math.min(lineEnd, MAX_LINE_BYTES)));
  }
  return rest.length > 0 && wanted(lineAt(rest, 0, rest.length)) ? from : null;
}

const NEWLINE = 0x0a;

const lineAt = (bytes: Buffer, from: number, to: number): string => textOfLine(bytes.subarray(from, Math.min(to, from + MAX_LINE_BYTES)));
