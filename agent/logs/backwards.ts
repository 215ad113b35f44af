import type { FileHandle } from 'node:fs/promises';
import { throwIfAborted } from '../../shared/abort.js';

export interface BackwardsOptions {
  /** Nothing before is read; the line that it is in counts as if it began there. */
  readonly from?: number;
  readonly chunkBytes?: number;
  /** Each wanted line has it in it; other lines are passed over unread. */
  readonly literal?: string;
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
  { from = 0, chunkBytes = 256 * 1024, literal = '' }: BackwardsOptions = {},
): Promise<number | null> {
  const needle = Buffer.from(literal);
  // A chunk, and behind it the beginning of the line that starts in an earlier one.
  const buffer = Buffer.allocUnsafe(Math.min(chunkBytes, Math.max(0, end - from)) + MAX_LINE_BYTES);
  let carried = 0;
  let position = end;
  while (position > from) {
    throwIfAborted(signal);
    const size = Math.min(chunkBytes, position - from);
    position -= size;
    buffer.copyWithin(size, 0, carried);
    const { bytesRead } = await file.read(buffer, 0, size, position);
    if (bytesRead < size) return null;
    const bytes = buffer.subarray(0, size + carried);
    let lineEnd = nextCandidate(bytes, bytes.length, needle);
    for (let at = newlineBefore(bytes, lineEnd); at >= 0; at = newlineBefore(bytes, lineEnd)) {
      if (wanted(lineAt(bytes, at + 1, lineEnd))) return position + at + 1;
      lineEnd = nextCandidate(bytes, at, needle);
    }
    // Of a line that is still open only the beginning matters.
    carried = Math.min(lineEnd, MAX_LINE_BYTES);
  }
  return carried > 0 && wanted(lineAt(buffer, 0, carried)) ? from : null;
}

const NEWLINE = 0x0a;

const newlineBefore = (bytes: Buffer, end: number): number => (end > 0 ? bytes.lastIndexOf(NEWLINE, end - 1) : -1);

/** Where the last line before `end` ends that has the needle in it; if none has, the first line, of which the beginning is elsewhere. */
function nextCandidate(bytes: Buffer, end: number, needle: Buffer): number {
  if (needle.length === 0) return end;
  const hit = end >= needle.length ? bytes.lastIndexOf(needle, end - needle.length) : -1;
  const newline = bytes.indexOf(NEWLINE, Math.max(0, hit));
  return newline >= 0 && newline < end ? newline : end;
}

/** Of a longer line only the beginning is looked at. */
const MAX_LINE_BYTES = 16 * 1024;

function lineAt(bytes: Buffer, from: number, to: number): string {
  const text = bytes.toString('utf8', from, Math.min(to, from + MAX_LINE_BYTES));
  return text.endsWith('\r') ? text.slice(0, -1) : text;
}
