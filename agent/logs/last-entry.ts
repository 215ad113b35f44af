import type { LogEntry } from '../../shared/model/log-report.js';
import { findTail } from './find-tail.js';
import { readAt } from './followed-file.js';
import { parseHeader } from './headers.js';
import { firstHeader, type LogFile } from './log-file.js';
import { textOfEntry } from './scanned.js';
import { openAllowed, type SearchedLog } from './searched-log.js';

/** The last entry of a log, of a very long one the beginning; null: the log is empty. Rejects if it cannot be read. */
export async function readLastEntry(target: SearchedLog, signal: AbortSignal): Promise<LogEntry | null> {
  const log = await openAllowed(target, target.path);
  try {
    const text = (await textFrom(log, signal)).replace(/^-{6}$/, '');
    return text.trim() === '' ? null : toEntry({ level: parseHeader(text)?.level ?? null, text });
  } finally {
    await log.handle.close();
  }
}

const MAX_TEXT = 8 * 1024;

export const toEntry = ({ level, text }: Pick<LogEntry, 'level' | 'text'>): LogEntry => ({
  time: parseHeader(text)?.time ?? null,
  level,
  text: text.slice(0, MAX_TEXT),
});

async function textFrom(log: LogFile, signal: AbortSignal): Promise<string> {
  const plain = (await firstHeader(log, signal)) === null;
  const bytes = await readAt(log, await findTail(log, 0, 1, plain, signal), log.size);
  return textOfEntry(bytes, 0, bytes.length);
}
