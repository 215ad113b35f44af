import { rm } from 'node:fs/promises';
import { AppError } from '../../shared/errors.js';
import type { LockHolder, LockReport, RemoveLockRequest } from '../../shared/model/lock.js';
import { type Held, judgeHolder, type LockDeps, readLock, sign, withClaim } from './lock.js';

/** Who holds the lock. */
export async function lookAtLock(path: string, deps: LockDeps): Promise<LockReport> {
  const held = await readLock(path);
  return { path, holder: held === null ? null : await holderOf(path, held, deps), removed: null };
}

/**
 * Takes a lock away whose owner is gone; with `force` also one whose owner lives, who then halts before his next step. `conflict` names him
 * otherwise. What was looked at is what is taken away: a lock that somebody took meanwhile stays.
 */
export async function removeLock(path: string, { force, by }: RemoveLockRequest, deps: LockDeps): Promise<LockReport> {
  const held = await readLock(path);
  if (held === null) return { path, holder: null, removed: null };
  const holder = await holderOf(path, held, deps);
  if (holder.alive && !force) {
    throw new AppError('conflict', `${holder.what} by ${holder.by} holds the lock, and its owner lives: ${holder.why}`, {
      hint: '`ctl operations list` shows what runs; `ctl lock -r --force` removes the lock all the same',
    });
  }
  const removed = await withClaim(path, await sign({ what: 'ctl lock -r', by }, deps), deps, async () => {
    if ((await readLock(path))?.raw !== held.raw) return false;
    await rm(path, { force: true });
    return true;
  });
  if (!removed) throw new AppError('conflict', `the lock ${path} has changed hands just now`, { hint: '`ctl lock` tells who holds it' });
  return { path, holder: null, removed: holder };
}

async function holderOf(path: string, held: Held, deps: LockDeps): Promise<LockHolder> {
  const { owner } = held;
  const judged = await judgeHolder(path, held, deps);
  if (owner === null) return { what: 'unsigned', by: 'somebody', host: 'unknown', pid: null, since: null, ...judged };
  return { what: owner.what, by: owner.by, host: owner.host, pid: owner.pid, since: owner.since, ...judged };
}
