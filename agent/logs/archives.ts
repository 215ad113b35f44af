import { readdir, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { isErrno } from '../../shared/errors.js';
import { archivedAt } from '../rotate/archive-name.js';

export interface ArchivePlaces {
  /** As in cluster.ini: archives carry it in their name. */
  readonly service: string;
  /** The log. */
  readonly file: string;
  /** '' : none. */
  readonly archiveDir: string;
  /** Also those that have not got their name yet: whole when the log is cut, not before. */
  readonly drafts?: boolean;
}

export interface Archive {
  readonly path: string;
  /** When it was written last, or by its name taken away: epoch ms. */
  readonly at: number;
}

/**
 * What has been rotated away from a log, the newest first: below archivedir as we name it, and beside the log as other rotators do
 * (`event.log.1`, `event.log.2.gz`, `event.log-20240925`, `event.log.2024-09-25_16-00`). Each once: what is being packed is plain until then.
 */
export async function listArchives({ service, file, archiveDir, drafts = false }: ArchivePlaces): Promise<readonly Archive[]> {
  const beside = await besideLog(file);
  const below = archiveDir === '' ? [] : await belowArchiveDir(archiveDir, service, file, drafts);
  // Of the same moment: beside the log the lower number is newer, in an archive of ours the higher.
  beside.sort(byName);
  below.sort((a, b) => byName(b, a));
  return withoutTwins([...beside, ...below]).sort((a, b) => b.at - a.at);
}

/** An older one that has the name by chance is none. */
function withoutTwins(archives: readonly Archive[]): Archive[] {
  const found = new Map(archives.map(({ path, at }) => [path, at]));
  return archives.filter(({ path, at }) => {
    const plain = path.replace(PACKED, '');
    return plain === path || at < (found.get(plain) ?? Infinity);
  });
}

const byName = (a: Archive, b: Archive): number => a.path.localeCompare(b.path, 'en', { numeric: true });

async function besideLog(file: string): Promise<Archive[]> {
  const folder = dirname(file);
  const name = basename(file);
  const siblings = (await namesIn(folder)).filter((one) => one.startsWith(name) && ROTATED.test(one.slice(name.length)));
  const found = await Promise.all(siblings.map((one) => archiveOf(join(folder, one))));
  return found.flatMap((one) => one ?? []);
}

const PACKED = /\.(?:gz|zst|bz2|xz)$/;
/** Behind the name of the log: a number, a date, a time; a number behind those; how it is packed. */
const ROTATED = /^(?:[.-]\d{1,14}(?:[-T_:]\d{1,10}){0,5}(?:\.\d{1,6})?|\.ctl-\d{1,14}|\.old|\.bak)(?:\.(?:gz|zst|bz2|xz))?$/;

async function archiveOf(path: string): Promise<Archive | null> {
  try {
    const stats = await stat(path);
    return stats.isFile() ? { path, at: stats.mtimeMs } : null;
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return null;
    throw error;
  }
}

async function belowArchiveDir(archiveDir: string, service: string, file: string, drafts: boolean): Promise<Archive[]> {
  const found: Archive[] = [];
  for (const year of (await namesIn(archiveDir)).filter((name) => /^\d{4}$/.test(name))) {
    for (const month of (await namesIn(join(archiveDir, year))).filter((name) => /^\d{1,2}$/.test(name))) {
      for (const name of await namesIn(join(archiveDir, year, month))) {
        const at = archivedAt(service, [file], `${year}/${month}`, (drafts ? DRAFT.exec(name)?.[1] : undefined) ?? name);
        if (at !== null) found.push({ path: join(archiveDir, year, month, name), at: at.getTime() });
      }
    }
  }
  return found;
}

/** Not one that is being compressed: its archive is there. */
const DRAFT = /^\.(.+)(?<!\.gz|\.zst)\.part$/;

async function namesIn(folder: string): Promise<readonly string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENOTDIR')) return [];
    throw error;
  }
}
