import { constants } from 'node:fs';
import { type FileHandle, open, readdir, rmdir, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { throwIfAborted } from '../shared/abort.js';
import { AppError, isErrno, toAppError } from '../shared/errors.js';
import { requireOpened } from './opened-path.js';

/**
 * A folder that is open: what is done in it happens there, whatever its name leads to by then. For folders of users who could put a link in
 * our way. Only Linux has that; elsewhere it is its path.
 */
export interface OpenFolder extends AsyncDisposable {
  /** Its entry of that name, for node:fs. A link of that name is not followed by what is said of links there: unlink, rename, lstat. */
  at(name: string): string;
  names(): Promise<string[]>;
  /** A folder in it, never through a link. Errors: `denied` for a link, or what is no folder. */
  open(name: string): Promise<OpenFolder>;
  /** Removes an entry with all that is in it; of links only themselves. Nothing if it is not there. */
  remove(name: string, signal: AbortSignal): Promise<void>;
}

/** `path` is one behind all links. Errors: `denied` if a link leads elsewhere by now; those of the file system. */
export async function openFolder(path: string): Promise<OpenFolder> {
  return opened(path, path, 0);
}

async function opened(path: string, name: string, depth: number): Promise<OpenFolder> {
  if (depth > MAX_DEPTH)
    throw new AppError('failed', `${name} is more than ${MAX_DEPTH} folders deep`, { hint: 'who made these? Remove them' });
  const handle = await openHandle(path, name);
  try {
    if (handle !== null && depth === 0) await requireOpened(handle, path);
  } catch (error) {
    await handle?.close();
    throw error;
  }
  const base = handle !== null && process.platform === 'linux' ? `/proc/self/fd/${handle.fd}` : path;
  const folder: OpenFolder = {
    at: (entry) => join(base, entry),
    names: () => readdir(base),
    open: (entry) => opened(join(base, entry), join(name, entry), depth + 1),
    async remove(entry, signal) {
      throwIfAborted(signal);
      if (await removedFile(join(base, entry))) return;
      {
        await using inner = await folder.open(entry);
        for (const one of await inner.names()) await inner.remove(one, signal);
      }
      await rmdir(join(base, entry));
    },
    [Symbol.asyncDispose]: async () => handle?.close(),
  };
  return folder;
}

/** null: Windows opens no folder. */
async function openHandle(path: string, name: string): Promise<FileHandle | null> {
  if (process.platform === 'win32') return null;
  try {
    return await open(path, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW);
  } catch (error) {
    if (!isErrno(error, 'ELOOP', 'ENOTDIR')) throw error;
    throw toAppError(error, 'denied', `${name} is no folder, but leads elsewhere`, 'ask who put it there');
  }
}

/** Deep enough for every cache there is; each takes a descriptor. */
const MAX_DEPTH = 32;

/** False: it is a folder. */
async function removedFile(path: string): Promise<boolean> {
  try {
    await unlink(path);
    return true;
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return true;
    if (isErrno(error, 'EISDIR', 'EPERM')) return false;
    throw error;
  }
}
