import { link, readFile, rename, rm, utimes, stat } from 'node:fs/promises';
import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { reasonOf } from '../../shared/abort.js';
import { AppError, isErrno, toAppError } from '../../shared/errors.js';
import { parseJson } from '../../shared/json.js';
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
  /** Aborts with `conflict` once the lock is seen to be somebody else's, or gone: the holder slept too long, or somebody took it away. */
  readonly lost: AbortSignal;
  /** Looks now; rejects with `conflict`, and aborts `lost`, if it is not ours any more. */
  confirm(): Promise<void>;
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
  const content = await sign(owner, deps);
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    if (await tryCreate(path, content)) return lease(path, content);
    const held = await readLock(path);
    if (held === null) continue;
    if (!(await isGone(path, held, deps))) throw conflict(path, held);
    if (await replaceStale(path, held.raw, content, deps)) return lease(path, content);
    await delay(RETRY_MS);
  }
  throw new AppError('conflict', `the lock ${path} changes hands too quickly`, { hint: 'try again' });
}

/** Whether somebody who lives holds the lock. */
export async function isHeld(path: string, deps: LockDeps): Promise<boolean> {
  const held = await readLock(path);
  return held !== null && !(await isGone(path, held, deps));
}

/** What stands in a lock of this process. */
export async function sign(owner: { readonly what: string; readonly by: string }, deps: LockDeps): Promise<string> {
  const own = (await deps.identify(process.pid)) ?? `${process.pid}@0`;
  const signed: LockOwner = { ...owner, host: hostname(), pid: process.pid, process: own, since: new Date().toISOString() };
  return `${JSON.stringify(signed)}\n`;
}

const ATTEMPTS = 20;
/** Another one who replaces the same stale lock needs a few milliseconds. */
const RETRY_MS = 10;

/** Creates the file with its content or not at all: a lock without an owner can never be seen. */
async function tryCreate(path: string, content: string): Promise<boolean> {
  return withDraft(path, content, async (draft) => {
    try {
      await link(draft, path);
      return true;
    } catch (error) {
      if (isErrno(error, 'EEXIST')) return false;
      throw error;
    }
  });
}

/**
 * Puts our lock in the place of the stale one, in one step. Of several who found it only the one who holds the claim does, after another
 * look: nobody ever replaces, or even moves, a lock that is alive. False: somebody else was at it.
 */
async function replaceStale(path: string, stale: string, content: string, deps: LockDeps): Promise<boolean> {
  return withClaim(path, content, deps, async () => {
    if ((await readLock(path))?.raw !== stale) return false;
    return await withDraft(path, content, async (draft) => {
      await rename(draft, path);
      return true;
    });
  });
}

/** Alone among all who replace or remove this lock; false: somebody else is at it. */
export async function withClaim(path: string, content: string, deps: LockDeps, work: () => Promise<boolean>): Promise<boolean> {
  const claim = `${path}.claim`;
  if (!(await tryCreate(claim, content))) {
    const held = await readLock(claim);
    // Whoever died while he held it is not waited for.
    if (held !== null && (await isGone(claim, held, deps))) await rm(claim, { force: true });
    return false;
  }
  try {
    return await work();
  } finally {
    await rm(claim, { force: true });
  }
}

async function withDraft<T>(path: string, content: string, use: (draft: string) => Promise<T>): Promise<T> {
  const draft = `${path}.${randomUUID()}`;
  try {
    await writeFileAtomic(draft, content);
    return await use(draft);
  } catch (error) {
    throw toAppError(error, 'failed', `cannot write the lock ${path}`, 'see lock_file in cluster.ini');
  } finally {
    await rm(draft, { force: true });
  }
}

export interface Held {
  readonly raw: string;
  readonly owner: LockOwner | null;
}

/** null: there is no lock. */
export async function readLock(path: string): Promise<Held | null> {
  const raw = await readFile(path, 'utf8').catch((error: unknown) => {
    if (isErrno(error, 'ENOENT')) return null;
    throw toAppError(error, 'failed', `cannot read the lock ${path}`);
  });
  if (raw === null) return null;
  return { raw, owner: parseOwner(raw) };
}

/** null: nobody who signs as we do has written this. */
function parseOwner(raw: string): LockOwner | null {
  const value = parseJson(raw);
  return isOwner(value) ? value : null;
}

function isOwner(value: unknown): value is LockOwner {
  if (typeof value !== 'object' || value === null) return false;
  const { pid, ...texts } = value as Record<string, unknown>;
  return typeof pid === 'number' && ['what', 'by', 'host', 'process', 'since'].every((key) => typeof texts[key] === 'string');
}

async function isGone(path: string, held: Held, deps: LockDeps): Promise<boolean> {
  return !(await judgeHolder(path, held, deps)).alive;
}

/** Whether the holder of a lock lives, and how that is known. */
export async function judgeHolder(
  path: string,
  { owner }: Held,
  deps: LockDeps,
): Promise<{ readonly alive: boolean; readonly why: string }> {
  if (owner !== null && owner.host === hostname()) {
    const alive = (await deps.identify(owner.pid)) === owner.process;
    return { alive, why: alive ? `process ${owner.pid} runs on this host` : `process ${owner.pid} is gone from this host` };
  }
  const { mtimeMs } = await stat(path).catch(() => ({ mtimeMs: Date.now() }));
  const silentMs = Date.now() - mtimeMs;
  return { alive: silentMs <= LEASE_MS, why: `its last heartbeat is ${Math.max(0, Math.round(silentMs / 1000))} s old` };
}

function conflict(path: string, { owner }: Held): AppError {
  if (owner === null)
    return new AppError('conflict', `the lock ${path} is held by somebody who did not sign it`, {
      hint: 'look at the file; `ctl lock -r` removes it',
    });
  return new AppError(
    'conflict',
    `${owner.what} by ${owner.by} holds the lock since ${owner.since} (process ${owner.pid} on ${owner.host})`,
    { hint: `the lock is ${path}; ctl operations list shows what runs` },
  );
}

function lease(path: string, content: string): Lease {
  const lost = new AbortController();
  const ours = async () => (await readLock(path))?.raw === content;
  const confirm = async () => {
    // A look that fails proves nothing: the lock is lost to whoever stands in it.
    if (!lost.signal.aborted && (await ours().catch(() => true))) return;
    lost.abort(new AppError('conflict', `the lock ${path} is not ours any more`, { hint: '`ctl lock` tells who holds it' }));
    throw reasonOf(lost.signal);
  };
  const beat = async () => {
    await confirm();
    const now = new Date();
    await utimes(path, now, now);
  };
  // A heartbeat that cannot be written shows as a stale lock to others; the next one tries again.
  const timer = setInterval(() => void beat().catch(() => undefined), HEARTBEAT_MS);
  timer.unref();
  return {
    lost: lost.signal,
    confirm,
    async release() {
      clearInterval(timer);
      if (await ours()) await rm(path, { force: true });
    },
  };
}
