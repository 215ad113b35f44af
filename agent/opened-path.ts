import { constants } from 'node:fs';
import { type FileHandle, open, readlink } from 'node:fs/promises';
import { AppError, isErrno } from '../shared/errors.js';

/** What is open, by its descriptor. */
type Open = { readonly fd: number };

/**
 * Opens a file to read it. Where a user has put a pipe an ordinary open would wait for ever, and keep one of the few threads that node has
 * for files; this one answers, and what it is, is to be looked at.
 */
export const openToRead = (path: string, flags = 0): Promise<FileHandle> => open(path, constants.O_RDONLY | NO_WAIT | flags);

/** Windows has none. */
const NO_WAIT = process.platform === 'win32' ? 0 : constants.O_NONBLOCK;

/**
 * Where what is open really lies, whatever its name led to when it was opened: between a look at a path and its opening somebody may have
 * put a link there. Only Linux tells; elsewhere it is the path itself.
 */
export async function openedPath({ fd }: Open, path: string): Promise<string> {
  try {
    // Of a file that has been removed meanwhile, the kernel says that as well.
    return (await readlink(`/proc/self/fd/${fd}`)).replace(/ \(deleted\)$/, '');
  } catch (error) {
    if (isErrno(error, 'ENOENT') && process.platform !== 'linux') return path;
    throw error;
  }
}

/** Rejects with `denied` if what is open is not what stands at `path`, behind all links: a link on the way leads elsewhere. */
export async function requireOpened(open: Open, path: string): Promise<void> {
  const opened = await openedPath(open, path);
  if (opened === path) return;
  throw new AppError('denied', `${path} leads to ${opened}: nothing was done with it`, {
    hint: 'write in cluster.ini where it really is, and allow that in agent.ini. If nobody made that link, ask who did',
  });
}
