import type { FileHandle } from 'node:fs/promises';
import { headerOf } from './blocks.js';
import type { Header } from './headers.js';
import { textOfEntry, type ScannedEntry } from './scanned.js';

export interface OffsetScanOptions {
  /** Where the first entry of the range begins. */
  readonly from: number;
  /** No hit from here on counts. */
  readonly to: number;
  /** A log without time stamps: each line is an entry. */
  readonly plain: boolean;
  /** So many entries before and after each hit are shown as well. */
  readonly context: number;
}

/**
 * The entries around the offsets of matching lines: only what is around a hit is read. In order, each entry once; nothing is read ahead of
 * who asks.
 */
export async function* scanOffsets(
  file: FileHandle,
  offsets: AsyncIterable<readonly number[]>,
  options: OffsetScanOptions,
): AsyncGenerator<readonly ScannedEntry[]> {
  const reader = createEntryReader(file, options);
  const { context } = options;
  let current: { readonly entry: Place; matching: number } | null = null;
  /** Everything before has been shown or passed over. */
  let done = options.from;

  for await (const portion of offsets) {
    const found: ScannedEntry[] = [];
    for (const offset of portion) {
      if (offset < options.from) continue;
      if (offset >= options.to) {
        if (current !== null) found.push(...(await finish(current)));
        yield found;
        return;
      }
      if (current !== null && offset < current.entry.end) {
        current.matching += 1;
        continue;
      }
      if (current !== null) found.push(...(await finish(current, offset)));
      const entry = await reader.around(offset, done);
      if (context > 0) found.push(...(await before(entry)));
      current = { entry, matching: 1 };
      if (found.length >= MAX_BATCH) yield found.splice(0);
    }
    if (found.length > 0) yield found;
  }
  if (current !== null) yield await finish(current);

  /** The hit, and what stands after it up to the next one. */
  async function finish(hit: { readonly entry: Place; readonly matching: number }, next = options.to): Promise<ScannedEntry[]> {
    const shown = [await reader.entry(hit.entry, hit.matching)];
    done = hit.entry.end;
    for (let n = 0; n < context && done < next; n++) {
      const after = await reader.after(done);
      if (after === null || after.end > next) break;
      shown.push(await reader.entry(after, 0));
      done = after.end;
    }
    return shown;
  }

  async function before(entry: Place): Promise<ScannedEntry[]> {
    const shown: ScannedEntry[] = [];
    for (let at = entry.offset; shown.length < context && at > done;) {
      const place = await reader.around(at - 1, done);
      shown.unshift(await reader.entry(place, 0));
      at = place.offset;
    }
    return shown;
  }
}

const MAX_BATCH = 256;

interface Place {
  readonly offset: number;
  readonly end: number;
  readonly lines: number;
  readonly header: Header | null;
}

/** Entries of a file by a byte inside them, through a window that moves along. */
function createEntryReader(file: FileHandle, { plain, to }: OffsetScanOptions) {
  const window = Buffer.allocUnsafe(WINDOW_BYTES);
  let base = 0;
  let length = 0;

  return {
    /** The entry that the byte at `offset` is in; it does not begin before `floor`, where one begins. */
    async around(offset: number, floor: number): Promise<Place> {
      let line = await lineStart(offset, floor);
      let header = await headerAt(line);
      const deepest = Math.max(floor, offset - MAX_ENTRY_BYTES);
      while (header === null && !plain && line > deepest) {
        line = await lineStart(line - 1, deepest);
        header = await headerAt(line);
      }
      return place(line, header);
    },
    /** The entry that begins at `offset`; null at the end of the file. */
    async after(offset: number): Promise<Place | null> {
      if (!(await holds(offset, offset + 1))) return null;
      return place(offset, await headerAt(offset));
    },
    async entry({ offset, end, lines, header }: Place, matching: number): Promise<ScannedEntry> {
      await holds(offset, Math.min(end, offset + SHOWN_BYTES));
      const at = offset - base;
      // What the window does not hold of a very long entry is not shown either.
      const text = textOfEntry(window, at, Math.min(end - base, length));
      return { offset, lines, matching, header, text: () => text };
    },
  };

  async function place(offset: number, header: Header | null): Promise<Place> {
    let end = await lineEnd(offset);
    let lines = 1;
    while (!plain && end < to && end - offset < MAX_ENTRY_BYTES && (await holds(end, end + 1)) && (await headerAt(end)) === null) {
      end = await lineEnd(end);
      lines += 1;
    }
    return { offset, end, lines, header };
  }

  async function headerAt(line: number): Promise<Header | null> {
    await holds(line, line + HEAD_BYTES);
    const at = line - base;
    const newline = window.indexOf(NEWLINE, at);
    return headerOf(window, at, newline < 0 || newline > length ? length : newline);
  }

  async function lineStart(offset: number, floor: number): Promise<number> {
    for (let end = offset; ;) {
      const from = Math.max(floor, end - BACK_BYTES);
      await holds(from, end);
      const newline = end > from ? window.subarray(0, length).lastIndexOf(NEWLINE, end - 1 - base) : -1;
      if (newline >= from - base && newline >= 0) return base + newline + 1;
      if (from === floor || offset - from > MAX_ENTRY_BYTES) return from;
      end = from;
    }
  }

  /** Behind the newline of the line that `offset` is in, or the end of the file. */
  async function lineEnd(offset: number): Promise<number> {
    for (let from = offset; ;) {
      if (!(await holds(from, from + 1))) return from;
      const newline = window.indexOf(NEWLINE, from - base);
      if (newline >= 0 && newline < length) return base + newline + 1;
      from = base + length;
    }
  }

  /** Moves the window so that it holds these bytes, as far as the file has them; false: the file ends before `from`. */
  async function holds(from: number, until: number): Promise<boolean> {
    if (from >= base && until <= base + length) return true;
    if (from >= base && from < base + length && length < WINDOW_BYTES) return true;
    base = Math.max(0, from - MARGIN_BYTES);
    length = 0;
    while (length < WINDOW_BYTES) {
      const { bytesRead } = await file.read(window, length, WINDOW_BYTES - length, base + length);
      if (bytesRead === 0) break;
      length += bytesRead;
    }
    return from < base + length;
  }
}

const NEWLINE = 0x0a;
const HEAD_BYTES = 256;
const BACK_BYTES = 8 * 1024;
const SHOWN_BYTES = 64 * 1024 + 1;
/** A longer entry is cut in two. */
const MAX_ENTRY_BYTES = 256 * 1024;
const MARGIN_BYTES = 64 * 1024;
const WINDOW_BYTES = 512 * 1024;
