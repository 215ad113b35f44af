import { rename, rm } from 'node:fs/promises';
import { randomUUID } from 'node:crypto';
import { AppError, isErrno } from '../../shared/errors.js';
import type { LockHolder, LockReport } from '../../shared/model/lock.js';
import { type Held, judgeHolder, type LockDeps, readLock } from './lock.js';

/** Who holds the lock. */
export async function lookAtLock(path: string, deps: LockDeps): Promise<LockReport> {
  const held = await readLock(path);
  return { path, holder: held === null ? null : await holderOf(path, held, deps), removed: null };
}

/**
 * Takes a lock away whose owner is gone; with `force` also one whose owner lives, who then halts before his next step. `conflict` names him
 * otherwise. What was looked at is what is taken away: a lock that somebody took meanwhile stays.
 */
export async function removeLock(path: string, { force }: { readonly force: boolean }, deps: LockDeps): Promise<LockReport> {
  const held = await readLock(path);
  if (held === null) return { path, holder: null, removed: null };
  const holder = await holderOf(path, held, deps);
  if (holder.alive && !force) {
    throw new AppError('conflict', `${holder.what} by ${holder.by} holds the lock, and its owner lives: ${holder.why}`, {
      hint: '`ctl operations list` shows what runs; `ctl lock -r --force` removes the lock all the same',
    });
  }
  await takeAway(path, held.raw);
  return { path, holder: null, removed: holder };
}

async function takeAway(path: string, expected: string): Promise<void> {
  const aside = `${path}.${randomUUID()}`;
  try {
    await rename(path, aside);
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return;
    throw new AppError('failed', `the lock ${path} could not be removed`, { cause: error });
  }
  if ((await readLock(aside))?.raw !== expected) {
    await rename(aside, path);
    throw new AppError('conflict', `the lock ${path} has been taken by somebody else just now`, { hint: '`ctl lock` tells by whom' });
  }
  await rm(aside, { force: true });
}

async function holderOf(path: string, held: Held, deps: LockDeps): Promise<LockHolder> {
  const { owner } = held;
  const judged = await judgeHolder(path, held, deps);
  if (owner === null) return { what: 'unsigned', by: 'somebody', host: 'unknown', pid: null, since: null, ...judged };
  return { what: owner.what, by: owner.by, host: owner.host, pid: owner.pid, since: owner.since, ...judged };
}
