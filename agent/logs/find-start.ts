import { findLastLine } from './backwards.js';
import { createBlockSplitter } from './blocks.js';
import { readAt } from './followed-file.js';
import { readBytes, type LogFile } from './log-file.js';
import type { LineTest } from './line-test.js';
import type { Ripgrep } from './ripgrep.js';

export interface StartMarker {
  readonly test: LineTest;
  /** The same for ripgrep; null: it cannot take it. */
  readonly rust: string | null;
  /** What stands in its line, as it is; '' if nothing is sure. */
  readonly literal: string;
  /** Lines can be tested one by one: that is done at once, or few of them need it. */
  readonly quick: boolean;
}

/**
 * Where the line of the last start begins; null if there is none. A plain log is read backwards, so that a late start is found at once in a
 * log of any size; what lies further back than `NEAR_BYTES` is left to ripgrep, which is faster than we are.
 */
export async function findStart(
  log: LogFile,
  marker: StartMarker,
  ripgrep: () => Promise<Ripgrep>,
  signal: AbortSignal,
): Promise<number | null> {
  if (log.packed !== null || marker.rust === null) return lastInStream(log, marker.test, signal);
  if (!marker.quick) return scanForStart(log, marker, await ripgrep(), signal);
  const near = Math.max(0, log.size - NEAR_BYTES);
  const wanted = (line: string) => marker.test([line]).includes(true);
  const found = await findLastLine(log.handle, log.size, wanted, signal, { from: near, literal: marker.literal });
  return found !== null || near === 0 ? found : scanForStart(log, marker, await ripgrep(), signal);
}

const NEAR_BYTES = 64 * 1024 * 1024;

/** By what is sure to stand in the line: a plain text is found much faster than a pattern, and few lines have it. */
export async function scanForStart(log: LogFile, marker: StartMarker, ripgrep: Ripgrep, signal: AbortSignal): Promise<number | null> {
  const candidates = marker.literal === '' ? marker.rust : marker.literal;
  if (candidates === null) return null;
  let last: number | null = null;
  for await (const offsets of ripgrep.offsets(log, candidates, 0, signal)) {
    for (const offset of offsets.toReversed()) {
      const bytes = await readAt(log, offset, offset + MAX_LINE_BYTES);
      if (!marker.test([firstLine(bytes, 0, bytes.length)]).includes(true)) continue;
      last = offset;
      break;
    }
  }
  return last;
}

const MAX_LINE_BYTES = 4 * 1024;

/** What is packed can only be read from its beginning. */
async function lastInStream(log: LogFile, test: LineTest, signal: AbortSignal): Promise<number | null> {
  const splitter = createBlockSplitter({ offset: 0, plain: false });
  let last: number | null = null;
  const look = (blocks: Iterable<{ bytes: Buffer; entries: readonly { at: number; end: number; offset: number }[] }>) => {
    for (const { bytes, entries } of blocks) {
      const found = test(entries.map(({ at, end }) => firstLine(bytes, at, end))).lastIndexOf(true);
      last = entries[found]?.offset ?? last;
    }
  };
  for await (const chunk of readBytes(log, 0, null, signal)) look(splitter.push(chunk));
  look(splitter.flush(true));
  return last;
}

function firstLine(bytes: Buffer, at: number, end: number): string {
  const newline = bytes.indexOf(NEWLINE, at);
  return bytes.toString('utf8', at, newline >= 0 && newline < end ? newline : end).replace(/\r$/, '');
}

const NEWLINE = 0x0a;
