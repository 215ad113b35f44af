import type { FileHandle } from 'node:fs/promises';
import { headerOf } from './blocks.js';
import type { Header } from './headers.js';
import { textOfEntry, type ScannedEntry } from './scanned.js';

/** Where an entry is in its file. */
export interface Place {
  readonly offset: number;
  readonly end: number;
  readonly lines: number;
  readonly header: Header | null;
}

/** Entries of a file by a byte inside them. Only what is around that byte is read, in a window that moves along. */
export interface EntryWindow {
  /** Resolves when what is around this byte can be looked at, back to `floor` at most. */
  moveTo(offset: number, floor: number): Promise<void>;
  /** The entry that the byte is in; it does not begin before `floor`, where one begins. */
  around(offset: number, floor: number): Place;
  /** The entry that begins there; null at the end of the file, and within a line that was cut. */
  at(offset: number): Place | null;
  entry(place: Place, matching: number): ScannedEntry;
}

export interface WindowOptions {
  /** A log without time stamps: each line is an entry. */
  readonly plain: boolean;
  /** Nothing from here on is an entry's. */
  readonly to: number;
}

/** A longer entry is cut in two. */
const MAX_ENTRY_BYTES = 64 * 1024;
const WINDOW_BYTES = 4 * MAX_ENTRY_BYTES;

export function createEntryWindow(file: FileHandle, { plain, to }: WindowOptions): EntryWindow {
  const window = Buffer.allocUnsafe(WINDOW_BYTES);
  let base = 0;
  let length = 0;
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
    around(offset, floor) {
      const lowest = Math.max(floor, base);
      let line = lineStart(offset, lowest);
      let header = headerAt(line);
      while (header === null && !plain && line > lowest) {
        line = lineStart(line - 1, lowest);
        header = headerAt(line);
      }
      return place(line, header);
    },
    at(offset) {
      if (offset >= Math.min(to, base + length) || (offset > base && window[offset - 1 - base] !== NEWLINE)) return null;
      return place(offset, headerAt(offset));
    },
    entry({ offset, end, lines, header }, matching) {
      const text = textOfEntry(window, offset - base, Math.min(end - base, length));
      return { offset, lines, matching, header, text: () => text };
    },
  };

  function place(offset: number, header: Header | null): Place {
    let end = lineEnd(offset);
    let lines = 1;
    const last = Math.min(to, base + length, offset + MAX_ENTRY_BYTES);
    while (!plain && end < last && headerAt(end) === null) {
      end = lineEnd(end);
      lines += 1;
    }
    return { offset, end, lines, header };
  }

  function headerAt(line: number): Header | null {
    const at = line - base;
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
