import { link, readFile, rename, rm, utimes, stat } from 'node:fs/promises';
import { hostname } from 'node:os';
import { AppError, isErrno, toAppError } from '../../shared/errors.js';
import { writeFileAtomic } from '../../shared/ports/files.js';

/** Who holds a lock; the file's content as JSON. */
export interface LockOwner {
  /** The operation or the program. */
  readonly what: string;
  /** `user@host` of who asked for it. */
  readonly by: string;
  readonly host: string;
  readonly pid: number;
  /** `pid@starttime` of the holder: a pid alone is reused. */
  readonly process: string;
  /** ISO 8601. */
  readonly since: string;
}

export interface Lease {
  /** Idempotent. Leaves a lock alone that is somebody else's by now. */
  release(): Promise<void>;
}

export interface LockDeps {
  /** `pid@starttime` of a process of this host; null if there is none with this pid. */
  identify(pid: number): Promise<string | null>;
}

/** A holder that cannot be looked at (another host) counts as gone when its heartbeat, the file's mtime, is this old. */
const LEASE_MS = 60_000;
const HEARTBEAT_MS = 5_000;

/**
 * Takes the lock file, or rejects with `conflict` naming who holds it. A lock frees itself when its owner is gone: the process does not
 * exist any more, or (on another host) its heartbeat stopped.
 */
export async function acquireLock(path: string, owner: { readonly what: string; readonly by: string }, deps: LockDeps): Promise<Lease> {
  const process_ = (await deps.identify(process.pid)) ?? `${process.pid}@0`;
  const mine: LockOwner = { ...owner, host: hostname(), pid: process.pid, process: process_, since: new Date().toISOString() };
  const content = `${JSON.stringify(mine)}\n`;
  for (let attempt = 0; attempt < 5; attempt++) {
    if (await tryCreate(path, content)) return lease(path, content);
    const held = await readLock(path);
    if (held === null) continue;
    if (!(await isGone(path, held, deps))) throw conflict(path, held);
    await removeStale(path, held.raw);
  }
  throw new AppError('conflict', `the lock ${path} changes hands too quickly`, { hint: 'try again' });
}

/** Creates the file with its content or not at all: a lock without an owner can never be seen. */
async function tryCreate(path: string, content: string): Promise<boolean> {
  const temporary = `${path}.${process.pid}.${Math.random().toString(36).slice(2)}`;
  try {
    await writeFileAtomic(temporary, content);
    await link(temporary, path);
    return true;
  } catch (error) {
    if (isErrno(error, 'EEXIST')) return false;
    throw toAppError(error, 'failed', `cannot write the lock ${path}`, 'see lock_file in cluster.ini');
  } finally {
    await rm(temporary, { force: true });
  }
}

interface Held {
  readonly raw: string;
  readonly owner: LockOwner | null;
}

/** null: there is no lock. */
async function readLock(path: string): Promise<Held | null> {
  const raw = await readFile(path, 'utf8').catch((error: unknown) => {
    if (isErrno(error, 'ENOENT')) return null;
    throw toAppError(error, 'failed', `cannot read the lock ${path}`);
  });
  if (raw === null) return null;
  try {
    return { raw, owner: JSON.parse(raw) as LockOwner };
  } catch {
    return { raw, owner: null };
  }
}

async function isGone(path: string, { owner }: Held, deps: LockDeps): Promise<boolean> {
  if (owner !== null && owner.host === hostname()) return (await deps.identify(owner.pid)) !== owner.process;
  const { mtimeMs } = await stat(path).catch(() => ({ mtimeMs: Date.now() }));
  return Date.now() - mtimeMs > LEASE_MS;
}

/** Two who find the same stale lock must not remove each other's new one: it is moved away first, and looked at again. */
async function removeStale(path: string, raw: string): Promise<void> {
  const aside = `${path}.stale.${process.pid}.${Math.random().toString(36).slice(2)}`;
  try {
    await rename(path, aside);
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return;
    throw toAppError(error, 'failed', `cannot remove the stale lock ${path}`);
  }
  if ((await readFile(aside, 'utf8')) !== raw) await link(aside, path).catch(() => undefined);
  await rm(aside, { force: true });
}

function conflict(path: string, { owner }: Held): AppError {
  if (owner === null)
    return new AppError('conflict', `the lock ${path} is held by somebody who did not sign it`, {
      hint: 'look at the file; ctl -r removes it',
    });
  return new AppError(
    'conflict',
    `${owner.what} by ${owner.by} holds the lock since ${owner.since} (process ${owner.pid} on ${owner.host})`,
    {
      hint: 'ctl operations list shows what runs',
    },
  );
}

function lease(path: string, content: string): Lease {
  const timer = setInterval(() => {
    const now = new Date();
    // A heartbeat that cannot be written shows as a stale lock to others; the next one tries again.
    void utimes(path, now, now).catch(() => undefined);
  }, HEARTBEAT_MS);
  timer.unref();
  return {
    async release() {
      clearInterval(timer);
      const held = await readLock(path);
      if (held?.raw === content) await rm(path, { force: true });
    },
  };
}
