import { mkdir, readdir, rename, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { throwIfAborted } from '../../shared/abort.js';
import { AppError, isErrno, toAppError } from '../../shared/errors.js';

/** Of a Squid: the folders of its first level, the list of what is in them, the databases of `rock`. */
const ITS_OWN = /^(?:[0-9A-F]{2}|swap\.state.*|rock|ssd)$/;
/** What was moved aside lies within the folder of the cache: on the same file system, and where agent.ini allows it anyway. */
const ASIDE = '.purged-';

export const asideOf = (folder: string, at: number): string => join(folder, `${ASIDE}${at.toString(36)}`);

/**
 * Throws `precondition` for a folder that is none of a Squid: nobody's files are moved by a slip in cluster.ini. An empty one is well.
 */
export async function requireCache(folder: string): Promise<void> {
  const entries = await readdir(folder).catch((error: unknown) => {
    throw toAppError(error, 'precondition', `the cache ${folder} cannot be read`, 'is cache_dir in cluster.ini right?');
  });
  const others = entries.filter((name) => !name.startsWith(ASIDE));
  if (others.length === 0 || others.some((name) => ITS_OWN.test(name))) return;
  throw new AppError('precondition', `${folder} holds no cache of a Squid, but ${others.slice(0, 3).join(', ')}: it was not touched`, {
    hint: 'is cache_dir in cluster.ini right?',
  });
}

/** Moves its files into `aside`. Done twice it moves what is left. Only while the Squid does not run. */
export async function moveAside(folder: string, aside: string): Promise<void> {
  await mkdir(aside, { recursive: true, mode: 0o700 });
  for (const name of await readdir(folder)) if (ITS_OWN.test(name)) await rename(join(folder, name), join(aside, name));
}

/** The same backwards; what a failed `squid -z` has made gives way. */
export async function putBack(folder: string, aside: string): Promise<void> {
  const entries = await readdir(aside).catch((error: unknown) => {
    if (isErrno(error, 'ENOENT')) return [];
    throw error;
  });
  for (const name of entries) {
    await rm(join(folder, name), { recursive: true, force: true });
    await rename(join(aside, name), join(folder, name));
  }
  await rm(aside, { recursive: true, force: true });
}

/** Deletes all that ever was moved aside, a small folder at a time: nobody else on this host shall notice. */
export async function removeAside(folder: string, signal: AbortSignal): Promise<void> {
  for (const aside of (await readdir(folder)).filter((name) => name.startsWith(ASIDE))) {
    const root = join(folder, aside);
    for (const first of await foldersIn(root)) {
      for (const second of await foldersIn(first)) {
        throwIfAborted(signal);
        await rm(second, { recursive: true, force: true });
      }
      await rm(first, { recursive: true, force: true });
    }
    throwIfAborted(signal);
    await rm(root, { recursive: true, force: true });
  }
}

async function foldersIn(path: string): Promise<string[]> {
  const entries = await readdir(path, { withFileTypes: true });
  return entries.filter((entry) => entry.isDirectory()).map((entry) => join(path, basename(entry.name)));
}
