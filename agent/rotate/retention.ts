import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { isErrno } from '../../shared/errors.js';
import { archivedAt } from './archive-name.js';

const DAY_MS = 24 * 3_600_000;

/** Removes the archives of these logs that are older than `keepDays`: files named as we name them, and nothing else. Answers their paths. */
export async function removeOld(
  archives: { readonly archiveDir: string; readonly service: string; readonly logs: readonly string[]; readonly keepDays: number },
  now: number,
): Promise<string[]> {
  const { archiveDir, service, logs, keepDays } = archives;
  if (keepDays === 0) return [];
  const removed: string[] = [];
  for (const year of await folders(archiveDir, /^\d{4}$/)) {
    for (const month of await folders(join(archiveDir, year), /^\d{1,2}$/)) {
      const folder = join(archiveDir, year, month);
      for (const file of await readdir(folder, { withFileTypes: true })) {
        const at = file.isFile() ? archivedAt(service, logs, `${year}/${month}`, file.name) : null;
        if (at === null || now - at.getTime() < keepDays * DAY_MS) continue;
        await rm(join(folder, file.name), { force: true });
        removed.push(join(folder, file.name));
      }
    }
  }
  return removed;
}

/** A link to a folder is none: it may lead anywhere. */
async function folders(path: string, name: RegExp): Promise<string[]> {
  const entries = await readdir(path, { withFileTypes: true }).catch((error: unknown) => {
    if (isErrno(error, 'ENOENT')) return [];
    throw error;
  });
  return entries.filter((entry) => entry.isDirectory() && name.test(entry.name)).map((entry) => entry.name);
}
