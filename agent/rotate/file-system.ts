import { readFile, statfs } from 'node:fs/promises';
import type { StatsFs } from 'node:fs';
import { dirname } from 'node:path';
import { AppError, isErrno, toAppError } from '../../shared/errors.js';

/** `major:minor` → type, from /proc/self/mountinfo (proc(5)); the last one mounted on a device counts. */
export function parseMountInfo(text: string): Map<string, string> {
  const types = new Map<string, string>();
  for (const line of text.split('\n')) {
    const [device, type] = [/^\d+ \d+ (\d+:\d+) /.exec(line)?.[1], / - (\S+) /.exec(line)?.[1]];
    if (device !== undefined && type !== undefined) types.set(device, type);
  }
  return types;
}

/** `ext4`, `tmpfs`, …; null where it cannot be told. */
export async function fileSystemType(device: bigint): Promise<string | null> {
  const text = await readFile('/proc/self/mountinfo', 'utf8').catch(() => null);
  return text === null ? null : (parseMountInfo(text).get(`${major(device)}:${minor(device)}`) ?? null);
}

/** As the C library packs them into one number. */
const major = (device: bigint): bigint => ((device >> 8n) & 0xfffn) | ((device >> 32n) & ~0xfffn);
const minor = (device: bigint): bigint => (device & 0xffn) | ((device >> 12n) & ~0xffn);

/** Sizes of which a cut has to be a multiple, the likeliest first: the block, then the clusters of a file system made with `bigalloc`. */
export async function allocationUnits(path: string): Promise<number[]> {
  const { bsize } = await statfs(path);
  return [...new Set([bsize, 64 * KIB, 1024 * KIB])].filter((unit) => unit >= bsize);
}

const KIB = 1024;

/** Room that stays free beside an archive: whoever writes there too must not find the disk full. */
const MARGIN_BYTES = 16 * KIB * KIB;

/** Why archives of so many bytes would fill the disk of `folder`, which need not be there yet; null: they would not. */
export async function shortageOf(folder: string, bytes: number): Promise<string | null> {
  const { bavail, bsize } = await statfsAt(folder);
  const free = bavail * bsize;
  return free >= bytes + MARGIN_BYTES ? null : `${folder} has ${mib(free)} MiB free, ${mib(bytes + MARGIN_BYTES)} MiB are needed`;
}

/** Rejects with `failed` if the archive would fill the disk. */
export async function requireSpace(folder: string, bytes: number): Promise<void> {
  const shortage = await shortageOf(folder, bytes);
  if (shortage === null) return;
  throw new AppError('failed', `${shortage}: the log was left as it was`, { hint: 'make room there, or set archivedir to another disk' });
}

/** Of the folder in which it would be made, if it is not there. */
async function statfsAt(folder: string): Promise<StatsFs> {
  try {
    return await statfs(folder);
  } catch (error) {
    if (isErrno(error, 'ENOENT') && dirname(folder) !== folder) return statfsAt(dirname(folder));
    throw toAppError(error, 'failed', `${folder} cannot be looked at`);
  }
}

const mib = (bytes: number): number => Math.ceil(bytes / KIB / KIB);
