import { readFile, statfs } from 'node:fs/promises';
import { AppError } from '../../shared/errors.js';

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

/** Rejects with `failed` if the archive would fill the disk. */
export async function requireSpace(folder: string, bytes: number): Promise<void> {
  const { bavail, bsize } = await statfs(folder);
  const free = bavail * bsize;
  if (free >= bytes + MARGIN_BYTES) return;
  throw new AppError(
    'failed',
    `${folder} has ${mib(free)} MiB free, ${mib(bytes + MARGIN_BYTES)} MiB are needed: the log was left as it was`,
    {
      hint: 'make room there, or set archivedir to another disk',
    },
  );
}

const mib = (bytes: number): number => Math.ceil(bytes / KIB / KIB);
