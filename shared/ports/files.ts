import { mkdir, open, realpath, rename, rm, stat, type FileHandle } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { isErrno } from '../errors.js';
import { createInTurn } from '../in-turn.js';

/**
 * Replaces the file `link` by `content` so that a crash leaves either the old file or the new one: temporary file beside it, fsync, rename,
 * fsync of the folder. Mode and owner of the old file are kept; a new one gets `mode`. A link stays, the file that it leads to is replaced.
 */
export async function writeFileAtomic(link: string, content: string | Buffer, mode = 0o600): Promise<void> {
  const path = await realpath(link).catch((error: unknown) => {
    if (isErrno(error, 'ENOENT')) return link;
    throw error;
  });
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
        if (before.uid !== process.getuid?.() || before.gid !== process.getgid?.()) await handle.chown(before.uid, before.gid);
        // After the owner: a change of owner clears bits.
        await handle.chmod(before.mode & 0o7777);
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

/**
 * A file that only grows, one durable line after the other. Writes of one process do not interleave. Only whole lines ever stand in
 * it: what a crash or a full disk left of one is cut, since nobody was told that it was there.
 */
export interface DurableLog {
  /** Resolves when the line is on the disk. */
  append(line: string): Promise<void>;
  close(): Promise<void>;
}

export async function openDurableLog(path: string): Promise<DurableLog> {
  const handle = await open(path, 'a+', 0o600);
  let size: number;
  try {
    size = await cutTornLine(handle);
    await syncFolder(dirname(path));
  } catch (error) {
    await handle.close();
    throw error;
  }
  const inTurn = createInTurn();
  return {
    append: (line) =>
      inTurn(async () => {
        const bytes = Buffer.from(`${line}\n`, 'utf8');
        try {
          await handle.writeFile(bytes);
          await handle.datasync();
        } catch (error) {
          await handle.truncate(size);
          throw error;
        }
        size += bytes.length;
      }),
    close: () => inTurn(() => handle.close()),
  };
}

/** The size of the whole lines. */
async function cutTornLine(handle: FileHandle): Promise<number> {
  const { size } = await handle.stat();
  const chunk = Buffer.alloc(Math.min(size, TORN_CHUNK_BYTES));
  let end = size;
  for (let position = size; position > 0;) {
    const length = Math.min(position, chunk.length);
    position -= length;
    await handle.read(chunk, 0, length, position);
    const newline = chunk.subarray(0, length).lastIndexOf(0x0a);
    end = position + newline + 1;
    if (newline >= 0) break;
  }
  if (end < size) await handle.truncate(end);
  return end;
}

const TORN_CHUNK_BYTES = 64 * 1024;

async function syncFolder(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
