import { HEADER_BYTES, parseHeader, type Header } from './headers.js';

/** Whole entries that lie one after the other in `bytes`. */
export interface Block {
  /** Used again for the next block. */
  readonly bytes: Buffer;
  readonly entries: readonly BlockEntry[];
  /** Where in the file the next one begins. */
  readonly end: number;
}

export interface BlockEntry {
  /** In the block. */
  readonly at: number;
  readonly end: number;
  /** In the file. */
  readonly offset: number;
  /** Number of its first line in the block, from 0. */
  readonly line: number;
  readonly lines: number;
  /** null: it stands before the first time stamp, or in a log without any. */
  readonly header: Header | null;
  /** It goes on with an entry that was too long, whose header it has. */
  readonly isRest: boolean;
}

export interface BlockSplitter {
  /** The blocks that are full now; each has to be used before the next one is taken. */
  push(chunk: Buffer): Generator<Block>;
  /** The entries behind which another has begun. */
  complete(): Generator<Block>;
  /** What there is, full or not. `whole`: also a line without its end, for nothing more will come; else that line waits. */
  flush(whole: boolean): Generator<Block>;
  /** What has been read stands so much further on in the file now. */
  moveBy(bytes: number): void;
  /** Something waits for a flush. */
  readonly pending: boolean;
}

export interface SplitterOptions {
  /** Offset of the first byte in the file. */
  readonly offset: number;
  /** A log without time stamps, as far as is known: each line is an entry, until one has a time stamp. */
  readonly plain: boolean;
}

/** Of a longer line only so much is kept. */
export const MAX_LINE_BYTES = 64 * 1024;
/** A longer entry is cut in two. */
const MAX_ENTRY_BYTES = 64 * 1024;
const FULL_BYTES = 512 * 1024;
const BLOCK_BYTES = FULL_BYTES + MAX_ENTRY_BYTES + 3 * MAX_LINE_BYTES;

/**
 * Cuts a log into entries, however its bytes arrive: a line with a time stamp begins one, the lines without belong to it (a traceback).
 * Memory is two blocks, whatever the length of a line. NUL bytes at the beginning of a line (the hole in a log that was cut under a writer
 * that does not append) are left out.
 */
export function createBlockSplitter(options: SplitterOptions): BlockSplitter {
  let bytes = Buffer.allocUnsafe(BLOCK_BYTES);
  let spare = Buffer.allocUnsafe(BLOCK_BYTES);
  let used = 0;
  let entries: BlockEntry[] = [];
  let lines = 0;
  let open: Omit<BlockEntry, 'end' | 'lines'> | null = null;
  let { plain } = options;
  /** The line that is being read: where it begins, in the block and in the file, and how far the file has been read. */
  let lineAt = 0;
  let lineOffset = options.offset;
  let position = options.offset;

  return {
    *push(chunk) {
      for (let from = 0; from < chunk.length;) {
        const newline = chunk.indexOf(NEWLINE, from);
        const to = newline < 0 ? chunk.length : newline;
        keep(chunk, from, to);
        position += to - from + (newline < 0 ? 0 : 1);
        from = to + 1;
        if (newline < 0) return;
        const full = endLine();
        if (full !== null) yield full;
      }
    },
    *complete() {
      if (entries.length > 0) yield takeClosed();
    },
    *flush(whole) {
      if (whole && used > lineAt) {
        const full = endLine();
        if (full !== null) yield full;
      }
      if (open !== null) yield take();
    },
    moveBy(by) {
      position += by;
      lineOffset += by;
      if (open !== null) open = { ...open, offset: open.offset + by };
      entries = entries.map((entry) => ({ ...entry, offset: entry.offset + by }));
    },
    get pending() {
      return used > 0;
    },
  };

  function keep(chunk: Buffer, from: number, to: number): void {
    let start = from;
    if (used === lineAt) {
      while (start < to && chunk[start] === 0) start += 1;
      lineOffset = position + start - from;
    }
    const end = Math.min(to, start + MAX_LINE_BYTES - (used - lineAt));
    if (end > start) used += chunk.copy(bytes, used, start, end);
  }

  /** The line is complete. Answers a block if one is full: it ends before this line. */
  function endLine(): Block | null {
    const header = headerOf(bytes, lineAt, used);
    if (header !== null) plain = false;
    const whole = header === null && !plain ? open : null;
    const begins = whole === null || lineAt - whole.at > MAX_ENTRY_BYTES;
    const full = begins && lineAt >= FULL_BYTES ? take() : null;
    if (begins) {
      close();
      open = { at: lineAt, offset: lineOffset, line: lines, header: header ?? whole?.header ?? null, isRest: whole !== null };
    }
    lines += 1;
    bytes[used++] = NEWLINE;
    lineAt = used;
    lineOffset = position;
    return full;
  }

  function close(): void {
    if (open !== null) entries.push({ ...open, end: lineAt, lines: lines - open.line });
    open = null;
  }

  /** All entries up to the line that is being read, which moves to the other buffer. */
  function take(): Block {
    close();
    const block = { bytes, entries, end: lineOffset };
    keepFrom(lineAt);
    lines = 0;
    return block;
  }

  /** All entries but the one that may still grow: it moves along with the line that is being read. */
  function takeClosed(): Block {
    const block = { bytes, entries, end: open?.offset ?? lineOffset };
    const from = open?.at ?? lineAt;
    const line = open?.line ?? lines;
    if (open !== null) open = { ...open, at: 0, line: 0 };
    lines -= line;
    keepFrom(from);
    return block;
  }

  function keepFrom(at: number): void {
    used = bytes.copy(spare, 0, at, used);
    [bytes, spare] = [spare, bytes];
    lineAt -= at;
    entries = [];
  }
}

const NEWLINE = 0x0a;

/** Of the line at `from`; null if it begins no entry. */
export function headerOf(bytes: Buffer, from: number, to: number): Header | null {
  const first = bytes[from];
  if (to - from < 15 || first === 0x20 || first === 0x09) return null;
  return parseHeader(bytes.toString('latin1', from, Math.min(to, from + HEADER_BYTES)));
}
