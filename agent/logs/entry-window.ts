import type { FileHandle } from 'node:fs/promises';
import { findLastLine } from './backwards.js';
import { headerOf } from './blocks.js';
import { parseHeader, type Header } from './headers.js';
import { behindNuls, textOfEntry, type ScannedEntry } from './scanned.js';

/** Where an entry is in its file. */
export interface Place {
  readonly offset: number;
  readonly end: number;
  readonly lines: number;
  readonly header: Header | null;
  /** It goes on with an entry that is too long, whose header it has. */
  readonly isRest: boolean;
}

/** Entries of a file by a byte inside them. Only what is around that byte is read, in a window that moves along. */
export interface EntryWindow {
  /** Resolves when what is around this byte can be looked at, back to `floor` at most. */
  moveTo(offset: number, floor: number): Promise<void>;
  /** The entry that the byte is in; it does not begin before `floor`, where one begins. */
  around(offset: number, floor: number): Promise<Place>;
  /** The entry that begins there; null at the end of the file, and within a line that was cut. */
  at(offset: number): Promise<Place | null>;
  entry(place: Place, matching: number): ScannedEntry;
}

export interface WindowOptions {
  /** A log without time stamps: each line is an entry. */
  readonly plain: boolean;
  /** Nothing from here on is an entry's. */
  readonly to: number;
  readonly signal: AbortSignal;
}

/** A longer entry is cut in two. */
const MAX_ENTRY_BYTES = 64 * 1024;
const WINDOW_BYTES = 4 * MAX_ENTRY_BYTES;
/** Of a longer one so much is shown before a hit. */
const BEFORE_BYTES = 16 * 1024;
/** Its header is looked for so far back. */
const MAX_BACK_BYTES = 8 * 1024 * 1024;

export function createEntryWindow(file: FileHandle, { plain, to, signal }: WindowOptions): EntryWindow {
  const window = Buffer.allocUnsafe(WINDOW_BYTES);
  let base = 0;
  let length = 0;
  /** The last header before a place, and the place: from there on it was not looked for one yet. */
  let last: { readonly header: Header | null; readonly to: number } = { header: null, to: 0 };
  /** The window was full when it was read: the file goes on behind it. */
  const isFull = () => length === WINDOW_BYTES;

  return {
    async moveTo(offset, floor) {
      const from = Math.max(0, floor - 1, offset - MAX_ENTRY_BYTES);
      const isInside = from >= base && (offset + MAX_ENTRY_BYTES <= base + length || (!isFull() && offset < base + length));
      if (isInside) return;
      base = from;
      length = 0;
      while (length < WINDOW_BYTES) {
        const { bytesRead } = await file.read(window, length, WINDOW_BYTES - length, base + length);
        if (bytesRead === 0) break;
        length += bytesRead;
      }
    },
    async around(offset, floor) {
      const lowest = Math.max(floor, base);
      let line = lineStart(offset, lowest);
      let header = headerAt(line);
      while (header === null && !plain && line > lowest) {
        line = lineStart(line - 1, lowest);
        header = headerAt(line);
      }
      if (header !== null || plain) return place(line, offset, header, false);
      const start = line < offset - BEFORE_BYTES ? lineStart(offset - BEFORE_BYTES, line) : line;
      const whose = await headerBefore(line);
      return place(start, offset, whose, whose !== null);
    },
    async at(offset) {
      if (offset >= Math.min(to, base + length) || (offset > base && window[offset - 1 - base] !== NEWLINE)) return null;
      const header = headerAt(offset);
      const whose = header === null && !plain ? await headerBefore(offset) : null;
      return place(offset, offset, header ?? whose, whose !== null);
    },
    entry({ offset, end, lines, header, isRest }, matching) {
      const text = textOfEntry(window, offset - base, Math.min(end - base, length));
      return { offset, lines, matching, header, isRest, text: () => text };
    },
  };

  /** Of a line that begins no entry, and has none in the window. */
  async function headerBefore(line: number): Promise<Header | null> {
    const from = Math.max(last.to <= line ? last.to : 0, line - MAX_BACK_BYTES);
    const found: Header[] = [];
    const isHeader = (text: string) => {
      const header = parseHeader(text);
      if (header !== null) found.push(header);
      return header !== null;
    };
    await findLastLine(file, line, isHeader, signal, { from });
    last = { header: found[0] ?? (from === last.to ? last.header : null), to: line };
    return last.header;
  }

  /** From `offset` to behind the line that `through` is in, at least. */
  function place(offset: number, through: number, header: Header | null, isRest: boolean): Place {
    let end = lineEnd(offset);
    let lines = 1;
    const limit = Math.min(to, base + length, Math.max(offset + MAX_ENTRY_BYTES, through + 1));
    while (!plain && end < limit && headerAt(end) === null) {
      end = lineEnd(end);
      lines += 1;
    }
    return { offset, end, lines, header, isRest };
  }

  function headerAt(line: number): Header | null {
    const at = behindNuls(window, line - base, length);
    const newline = window.indexOf(NEWLINE, at);
    return headerOf(window, at, newline < 0 || newline > length ? length : newline);
  }

  function lineStart(offset: number, lowest: number): number {
    const newline = offset > lowest ? window.lastIndexOf(NEWLINE, offset - 1 - base) : -1;
    return Math.max(lowest, base + newline + 1);
  }

  /** Behind the newline; of a line that is too long, or has no end, behind what there is of it. */
  function lineEnd(offset: number): number {
    const newline = window.indexOf(NEWLINE, offset - base);
    return newline >= 0 && newline < length ? base + newline + 1 : base + length;
  }
}

const NEWLINE = 0x0a;
