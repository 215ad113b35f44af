import { throwIfAborted } from '../../shared/abort.js';
import { headerIn, type LogFile } from './log-file.js';
import { timeOf } from './times.js';

/**
 * An offset where an entry begins, such that every entry before it is older than `time` (in a log whose entries are in order), found by
 * bisection; a little more than needed is left to the reader.
 */
export async function findTime(log: LogFile, time: number, signal: AbortSignal): Promise<number> {
  let low = 0;
  let high = log.size;
  while (high - low > ENOUGH_BYTES) {
    throwIfAborted(signal);
    const middle = low + Math.floor((high - low) / 2);
    const seen = await nextTime(log, middle, high);
    if (seen !== null && seen.time < time) low = seen.offset;
    else high = middle;
  }
  return low;
}

const ENOUGH_BYTES = 64 * 1024;

/** The first entry with a time that begins behind `from` and before `to`. */
async function nextTime(log: LogFile, from: number, to: number): Promise<{ readonly time: number; readonly offset: number } | null> {
  const buffer = Buffer.allocUnsafe(CHUNK_BYTES);
  for (let position = from; position < to;) {
    const { bytesRead } = await log.handle.read(buffer, 0, buffer.length, position);
    if (bytesRead === 0) return null;
    const chunk = buffer.subarray(0, bytesRead);
    // The first line is cut: its beginning is further up.
    for (let at = chunk.indexOf(NEWLINE) + 1; at > 0 && position + at < to;) {
      const found = headerIn(chunk, at);
      if (found === null || position + found.offset >= to) break;
      const time = timeOf(found.header.time, log.written);
      if (time !== null) return { time, offset: position + found.offset };
      at = chunk.indexOf(NEWLINE, found.offset) + 1;
    }
    const last = chunk.lastIndexOf(NEWLINE);
    position += last > 0 ? last : bytesRead;
    if (bytesRead < buffer.length) return null;
  }
  return null;
}

const CHUNK_BYTES = 32 * 1024;
const NEWLINE = 0x0a;
