import { randomUUID } from 'node:crypto';
import { link, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isErrno } from '../../shared/errors.js';
import { orAborted } from '../../shared/abort.js';
import { pidOf, type ProcessId } from '../../shared/model/process.js';
import type { Clock } from '../../shared/ports/clock.js';
import type { Processes } from './processes.js';
import { fileNameOf } from './record.js';

/** One start or stop of a service at a time, in this process and among all processes that share `folder`. */
interface ServiceLock {
  hold<T>(service: string, signal: AbortSignal, work: () => Promise<T>): Promise<T>;
}

export function createServiceLock(folder: string, processes: Processes, clock: Clock): ServiceLock {
  const last = new Map<string, Promise<void>>();

  return {
    async hold(service, signal, work) {
      const before = last.get(service) ?? Promise.resolve();
      const over = new AbortController();
      const turn = before.then(() => aborted(over.signal));
      last.set(service, turn);
      try {
        await orAborted(before, signal);
        const path = join(folder, `${fileNameOf(service)}.lock`);
        await acquire(path, signal);
        try {
          return await work();
        } finally {
          await rm(path, { force: true });
        }
      } finally {
        over.abort();
        if (last.get(service) === turn) last.delete(service);
      }
    },
  };

  async function acquire(path: string, signal: AbortSignal): Promise<void> {
    const own = `${path}.${randomUUID()}`;
    const self = await processes.inspect(process.pid);
    await writeFile(own, `${await processes.bootId()} ${typeof self === 'string' ? process.pid : self.id}`, { mode: 0o600 });
    try {
      for (;;) {
        try {
          await link(own, path);
          return;
        } catch (error) {
          if (!isErrno(error, 'EEXIST')) throw error;
        }
        if (!(await breakStale(path))) await clock.sleep(POLL_MS, signal);
      }
    } finally {
      await rm(own, { force: true });
    }
  }

  /** Removes a lock whose holder is gone. The rename makes sure that it is that lock, and not one taken meanwhile, which disappears. */
  async function breakStale(path: string): Promise<boolean> {
    const holder = await contentOf(path);
    if (holder === null) return true;
    if (await holds(holder)) return false;
    const aside = `${path}.${randomUUID()}`;
    try {
      await rename(path, aside);
    } catch (error) {
      if (isErrno(error, 'ENOENT')) return true;
      throw error;
    }
    if ((await contentOf(aside)) !== holder) await link(aside, path);
    await rm(aside, { force: true });
    return true;
  }

  async function holds(holder: string): Promise<boolean> {
    const [bootId, id = ''] = holder.split(' ');
    if (bootId !== (await processes.bootId())) return false;
    const found = await processes.inspect(pidOf(id as ProcessId));
    return typeof found === 'string' ? found === 'hidden' : found.id === id;
  }
}

const POLL_MS = 25;

async function contentOf(path: string): Promise<string | null> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return null;
    throw error;
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
