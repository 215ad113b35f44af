import { findLastLine } from './backwards.js';
import type { LogFile } from './log-file.js';
import { parseHeader } from './headers.js';

/** Where the last `entries` entries of a log begin, not before `from`: a log without time stamps has one in each line. */
export async function findTail(log: LogFile, from: number, entries: number, plain: boolean, signal: AbortSignal): Promise<number> {
  if (log.packed !== null) return from;
  if (entries === 0) return log.size;
  let left = entries;
  const isLast = (line: string) => {
    if (plain ? line !== '' : parseHeader(line) !== null) left -= 1;
    return left === 0;
  };
  return (await findLastLine(log.handle, log.size, isLast, signal, { from })) ?? from;
}
