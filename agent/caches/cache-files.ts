import { mkdir, readdir, rename } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { openFolder } from '../open-folder.js';
import { AppError, isErrno, toAppError } from '../../shared/errors.js';

/*
 * The folder belongs to the user of the Squid and the agent is mostly root: whatever that user puts in the way, nothing is moved or deleted
 * outside of it.
 */

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
  await using cache = await openFolder(folder);
  await mkdir(cache.at(basename(aside)), { mode: 0o700 }).catch((error: unknown) => {
    if (!isErrno(error, 'EEXIST')) throw error;
  });
  await using into = await cache.open(basename(aside));
  for (const name of await cache.names()) if (ITS_OWN.test(name)) await rename(cache.at(name), into.at(name));
}

/** The same backwards; what a failed `squid -z` has made gives way. */
export async function putBack(folder: string, aside: string): Promise<void> {
  const { signal } = new AbortController();
  await using cache = await openFolder(folder);
  if (!(await cache.names()).includes(basename(aside))) return;
  {
    await using from = await cache.open(basename(aside));
    for (const name of await from.names()) {
      await cache.remove(name, signal);
      await rename(from.at(name), cache.at(name));
    }
  }
  await cache.remove(basename(aside), signal);
}

/** Deletes all that ever was moved aside, one file after the other: nobody else on this host shall notice. */
export async function removeAside(folder: string, signal: AbortSignal): Promise<void> {
  await using cache = await openFolder(folder);
  for (const aside of await cache.names()) if (aside.startsWith(ASIDE)) await cache.remove(aside, signal);
}
