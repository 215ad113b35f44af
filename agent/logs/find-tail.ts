import { findLastLine } from './backwards.js';
import type { LogFile } from './log-file.js';
import { readAt } from './followed-file.js';
import { parseHeader } from './headers.js';

/** Where the last `entries` entries of a log begin, not before `from`: a log without time stamps has one in each line. */
export async function findTail(log: LogFile, from: number, entries: number, plain: boolean, signal: AbortSignal): Promise<number> {
  if (log.packed !== null) return from;
  if (entries === 0) return endOfLines(log);
  let left = entries;
  const isLast = (line: string) => {
    if (plain ? line !== '' : parseHeader(line) !== null) left -= 1;
    return left === 0;
  };
  return (await findLastLine(log.handle, log.size, isLast, signal, { from })) ?? from;
}

/** Behind the last complete line. */
async function endOfLines(log: LogFile): Promise<number> {
  for (let end = log.size; end > 0;) {
    const from = Math.max(0, end - CHUNK_BYTES);
    const newline = (await readAt(log, from, end)).lastIndexOf(NEWLINE);
    if (newline >= 0) return from + newline + 1;
    end = from;
  }
  return 0;
}

const CHUNK_BYTES = 64 * 1024;
const NEWLINE = 0x0a;
