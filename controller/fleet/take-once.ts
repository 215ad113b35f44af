import { readFile } from 'node:fs/promises';
import { isErrno, toAppError } from '../../shared/errors.js';
import type { TakeEvents } from '../../shared/model/agent-event.js';
import { openDurableLog, writeFileAtomic, type DurableLog } from '../../shared/ports/files.js';

/**
 * Hands on each event once, also over restarts: an agent tells it again if it did not hear that it was taken. Its id is noted in the file
 * `path` after `take` has it, so only a crash between the two hands it on twice.
 * Errors: `failed` if the file cannot be read. What it returns rejects as `take` does: nothing is noted then.
 */
export async function openTakeOnce(
  path: string,
  take: TakeEvents,
  keep = 20_000,
): Promise<{ readonly take: TakeEvents; close(): Promise<void> }> {
  const seen = new Set(await readIds(path));
  let log = await compacted();
  let lines = 0;
  let last: Promise<void> = Promise.resolve();

  return {
    take(host, events) {
      const taken = last.then(async () => {
        const fresh = events.filter(({ id }) => !seen.has(keyOf(host, id)));
        if (fresh.length === 0) return;
        await take(host, fresh);
        await note(fresh.map(({ id }) => keyOf(host, id)));
      });
      last = taken.catch(() => undefined);
      return taken;
    },
    async close() {
      await last;
      await log.close();
    },
  };

  async function note(keys: readonly string[]): Promise<void> {
    for (const key of keys) seen.add(key);
    for (const key of seen) {
      if (seen.size <= keep) break;
      seen.delete(key);
    }
    if (lines >= keep) {
      const fresh = await compacted();
      await log.close();
      log = fresh;
      lines = 0;
      return;
    }
    await log.append(keys.join('\n'));
    lines += keys.length;
  }

  async function compacted(): Promise<DurableLog> {
    await writeFileAtomic(path, [...seen].map((key) => `${key}\n`).join(''));
    return openDurableLog(path);
  }
}

/** One line, whatever the agent calls itself and its events. */
const keyOf = (host: string, id: string): string => JSON.stringify([host, id]);

async function readIds(path: string): Promise<readonly string[]> {
  try {
    // A last line without its end is cut when the file is written anew: that event comes once more.
    return (await readFile(path, 'utf8')).split('\n').slice(0, -1);
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return [];
    throw toAppError(error, 'failed', `${path} cannot be read`);
  }
}
