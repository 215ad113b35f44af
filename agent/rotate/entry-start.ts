import type { FileHandle } from 'node:fs/promises';

/**
 * Where the last entry of a log begins, or in a log without time stamps where its last whole line ends: everything before is complete and
 * will not change any more. null: no such place within the last `MAX_TAIL_BYTES`.
 */
export async function findLastBoundary(file: FileHandle, size: number): Promise<number | null> {
  let line: number | null = null;
  for (let length = FIRST_TAIL_BYTES; ; length *= 8) {
    const from = Math.max(0, size - Math.min(length, MAX_TAIL_BYTES));
    const tail = await readRange(file, from, size);
    const entry = lastEntryStart(tail, from === 0);
    if (entry !== null) return from + entry;
    const newline = tail.lastIndexOf(0x0a);
    if (newline >= 0) line ??= from + newline + 1;
    if (from === 0 || length >= MAX_TAIL_BYTES) return line;
  }
}

/** Offset of the last entry with a time stamp; Zope 2 writes a line of six dashes before each. `whole`: the bytes begin with a line. */
export function lastEntryStart(bytes: Buffer, whole: boolean): number | null {
  let last: number | null = null;
  const text = bytes.toString('latin1');
  for (const match of text.matchAll(HEADER)) {
    if (match.index === 0 && !whole && !text.startsWith('\n')) continue;
    last = match.index + (match[1]?.length ?? 0);
  }
  return last;
}

const HEADER = /(^|\n)(?:-{6}\r?\n)?\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d/g;
const FIRST_TAIL_BYTES = 64 * 1024;
const MAX_TAIL_BYTES = 4 * 1024 * 1024;

export async function readRange(file: FileHandle, from: number, to: number): Promise<Buffer> {
  const buffer = Buffer.alloc(to - from);
  let filled = 0;
  while (filled < buffer.length) {
    const { bytesRead } = await file.read(buffer, filled, buffer.length - filled, from + filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return buffer.subarray(0, filled);
}
