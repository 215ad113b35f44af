import { chmod, chown, mkdir, open, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { isErrno } from '../errors.js';

/**
 * Replaces `path` by `content` so that a crash leaves either the old file or the new one: temporary file beside it, fsync, rename,
 * fsync of the folder. Mode and owner of the old file are kept; a new one gets `mode`.
 */
export async function writeFileAtomic(path: string, content: string | Buffer, mode = 0o600): Promise<void> {
  const temporary = join(dirname(path), `.${basename(path)}.${process.pid}.${sequence++}.tmp`);
  const before = await stat(path).catch((error: unknown) => {
    if (isErrno(error, 'ENOENT')) return null;
    throw error;
  });
  try {
    const handle = await open(temporary, 'wx', before === null ? mode : before.mode & 0o7777);
    try {
      await handle.writeFile(content);
      if (before !== null) {
        await chmod(temporary, before.mode & 0o7777);
        if (before.uid !== process.getuid?.() || before.gid !== process.getgid?.()) await chown(temporary, before.uid, before.gid);
      }
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
  await syncFolder(dirname(path));
}

let sequence = 0;

export async function makeFolder(path: string, mode = 0o700): Promise<void> {
  await mkdir(path, { recursive: true, mode });
}

/** A file that only grows, one durable line after the other. Writes of one process do not interleave. */
export interface DurableLog {
  /** Resolves when the line is on the disk. */
  append(line: string): Promise<void>;
  close(): Promise<void>;
}

export async function openDurableLog(path: string): Promise<DurableLog> {
  const handle = await open(path, 'a', 0o600);
  await syncFolder(dirname(path));
  let last: Promise<void> = Promise.resolve();
  return {
    append(line) {
      const written = last.then(async () => {
        await handle.writeFile(`${line}\n`);
        await handle.datasync();
      });
      last = written.catch(() => undefined);
      return written;
    },
    async close() {
      await last;
      await handle.close();
    },
  };
}

async function syncFolder(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
