import { createHash } from 'node:crypto';
import { constants, readSync, writeSync } from 'node:fs';
import { link, lstat, open, rm, type FileHandle } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { requireOpened } from '../opened-path.js';
import { AppError, isErrno, toAppError } from '../../shared/errors.js';
import { throwIfAborted } from '../../shared/abort.js';
import { withNumber } from './archive-name.js';
import { readRange } from './entry-start.js';

/** An archive that is being written, under a hidden name: it gets its own only when it is complete and the log has been cut. */
export interface Draft {
  readonly part: string;
  /** What has been copied so far. */
  bytes(): number;
  /** Of what has been copied so far. */
  sha256(): string;
  /** Goes on copying the log up to `end`; calls `onMark` when it has got to each of `marks`, ascending. */
  copyTo(log: FileHandle, end: number, signal: AbortSignal, marks?: ReadonlyMap<number, (sha256: string) => void>): Promise<void>;
  /** The same for one piece, without letting go of the thread; answers how many bytes there were. */
  copyPiece(log: FileHandle): number;
  sync(): Promise<void>;
  /** The log still has what was copied of it, by its first and its last bytes: nobody has cut it meanwhile, however long it has become since. */
  isStillIn(log: FileHandle): Promise<boolean>;
  /** Reads it back. Rejects with `failed` if it is not what was copied. */
  verify(signal: AbortSignal): Promise<void>;
  close(): Promise<void>;
}

/** What an archive takes over from its log. */
export interface Likeness {
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
}

export async function createDraft(part: string, like: Likeness): Promise<Draft> {
  const file = await open(part, constants.O_RDWR | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW, like.mode & 0o666).catch(
    (error: unknown) => {
      throw toAppError(error, 'failed', `the archive ${part} cannot be written`, 'may the agent write to archivedir?');
    },
  );
  const hash = createHash('sha256');
  const buffer = Buffer.alloc(CHUNK_BYTES);
  let bytes = 0;
  try {
    await requireOpened(file, part);
    await takeOver(file, like);
  } catch (error) {
    await file.close();
    await rm(part, { force: true });
    throw error;
  }

  return {
    part,
    bytes: () => bytes,
    sha256: () => hash.copy().digest('hex'),
    async copyTo(log, end, signal, marks = new Map()) {
      const stops = [...marks.keys(), end].filter((stop) => stop > bytes).sort((a, b) => a - b);
      for (const stop of stops) {
        while (bytes < stop) {
          throwIfAborted(signal);
          const { bytesRead } = await log.read(buffer, 0, Math.min(buffer.length, stop - bytes), bytes);
          if (bytesRead === 0) throw new AppError('conflict', `the log got shorter while it was copied: somebody else rotates it`);
          await writeAll(file, buffer.subarray(0, bytesRead), bytes, part);
          hash.update(buffer.subarray(0, bytesRead));
          bytes += bytesRead;
        }
        marks.get(stop)?.(hash.copy().digest('hex'));
      }
    },
    copyPiece(log) {
      const bytesRead = readSync(log.fd, buffer, 0, buffer.length, bytes);
      for (let written = 0; written < bytesRead;) written += writeSync(file.fd, buffer, written, bytesRead - written, bytes + written);
      hash.update(buffer.subarray(0, bytesRead));
      bytes += bytesRead;
      return bytesRead;
    },
    sync: () => file.datasync(),
    async isStillIn(log) {
      const ends = [0, Math.max(0, bytes - COMPARED_BYTES)];
      for (const from of ends) {
        const to = Math.min(bytes, from + COMPARED_BYTES);
        const [ours, theirs] = await Promise.all([readRange(file, from, to), readRange(log, from, to)]);
        if (!ours.equals(theirs)) return false;
      }
      return true;
    },
    async verify(signal) {
      const read = await sha256Of(file, bytes, signal);
      if (read !== hash.copy().digest('hex'))
        throw new AppError('failed', `the archive ${part} does not read as it was written`, { hint: 'is the disk sound?' });
    },
    close: () => file.close(),
  };
}

const CHUNK_BYTES = 1024 * 1024;
const COMPARED_BYTES = 64 * 1024;

async function takeOver(file: FileHandle, { mode, uid, gid }: Likeness): Promise<void> {
  if (process.getuid?.() === 0) await file.chown(uid, gid);
  await file.chmod(mode & 0o666);
}

async function writeAll(file: FileHandle, bytes: Buffer, position: number, part: string): Promise<void> {
  try {
    for (let written = 0; written < bytes.length;) {
      written += (await file.write(bytes, written, bytes.length - written, position + written)).bytesWritten;
    }
  } catch (error) {
    const hint = isErrno(error, 'ENOSPC', 'EDQUOT') ? 'the disk of archivedir is full' : undefined;
    throw toAppError(error, 'failed', `the archive ${part} cannot be written`, hint);
  }
}

/** Of the first `bytes` of a file; of fewer if there are no more. */
export async function sha256Of(file: FileHandle, bytes: number, signal: AbortSignal): Promise<string> {
  const hash = createHash('sha256');
  const buffer = Buffer.alloc(Math.min(CHUNK_BYTES, bytes));
  for (let at = 0; at < bytes;) {
    throwIfAborted(signal);
    const { bytesRead } = await file.read(buffer, 0, Math.min(buffer.length, bytes - at), at);
    if (bytesRead === 0) break;
    hash.update(buffer.subarray(0, bytesRead));
    at += bytesRead;
  }
  return hash.digest('hex');
}

/** Gives a complete archive its own name, or that name with a number: nothing is ever overwritten. Answers its path; can be done twice. */
export async function publish(part: string, name: string): Promise<string> {
  const folder = dirname(part);
  for (let number = 0; number < MAX_SAME_NAME; number++) {
    const path = join(folder, withNumber(name, number));
    const isPacked = (await Promise.all(PACKED.map((suffix) => identityOf(path + suffix)))).some((one) => one !== null);
    if (!isPacked && (await giveName(part, path))) return path;
  }
  throw new AppError('failed', `${folder} has ${MAX_SAME_NAME} archives called ${name}`);
}

/** What compression adds to a name. */
const PACKED = ['.gz', '.zst'] as const;

/** Exactly this name; false: another file has it. Can be done twice. */
export async function giveName(part: string, path: string): Promise<boolean> {
  try {
    await link(part, path);
  } catch (error) {
    if (!isErrno(error, 'EEXIST')) throw toAppError(error, 'failed', `${part} could not be named ${path}`);
    if ((await identityOf(part)) !== (await identityOf(path))) return false;
  }
  await rm(part);
  await syncFolder(dirname(path));
  return true;
}

const MAX_SAME_NAME = 100;

/** Of what stands there, a link itself; null: nothing. */
export async function identityOf(path: string): Promise<string | null> {
  try {
    const { dev, ino } = await lstat(path, { bigint: true });
    return `${dev}:${ino}`;
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return null;
    throw error;
  }
}

async function syncFolder(path: string): Promise<void> {
  // Windows opens no folder.
  if (process.platform === 'win32') return;
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
