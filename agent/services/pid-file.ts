import { isErrno, messageOf } from '../../shared/errors.js';
import { openToRead } from '../opened-path.js';

/** `blank`: empty (just being written) or without a number. */
export type PidFile =
  | { readonly kind: 'pid'; readonly path: string; readonly pid: number; readonly writtenAt: number }
  | { readonly kind: 'absent' | 'blank'; readonly path: string }
  | { readonly kind: 'unreadable'; readonly path: string; readonly why: string };

export async function readPidFile(path: string): Promise<PidFile> {
  try {
    const handle = await openToRead(path);
    try {
      const stats = await handle.stat();
      if (!stats.isFile()) return { kind: 'unreadable', path, why: 'it is not a file' };
      const { mtimeMs } = stats;
      const { buffer, bytesRead } = await handle.read(Buffer.alloc(MAX_BYTES), 0, MAX_BYTES, 0);
      const pid = parsePid(buffer.toString('latin1', 0, bytesRead));
      return pid === null ? { kind: 'blank', path } : { kind: 'pid', path, pid, writtenAt: mtimeMs };
    } finally {
      await handle.close();
    }
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENOTDIR')) return { kind: 'absent', path };
    return { kind: 'unreadable', path, why: messageOf(error) };
  }
}

/** A pid file holds one number on its first line; anything else is not a pid. 1 and 0 are nobody's service. */
export function parsePid(text: string): number | null {
  const digits = /^\s*(\d{1,10})\s*(?:\n|$)/.exec(text)?.[1];
  const pid = Number(digits);
  return digits === undefined || pid < 2 || pid > MAX_PID ? null : pid;
}

const MAX_BYTES = 128;
const MAX_PID = 2 ** 22;
