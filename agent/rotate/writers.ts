import { readdir, readFile, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import { isErrno } from '../../shared/errors.js';

/** A process that has a file open for writing. */
export interface Writer {
  readonly pid: number;
  /** Opened with O_APPEND: each write goes to the end, wherever that is by then. */
  readonly appends: boolean;
}

/** Who writes to which of the files. `complete`: every process of the host could be looked at. */
export interface Writers {
  readonly of: ReadonlyMap<string, readonly Writer[]>;
  readonly complete: boolean;
}

/** From /proc (proc(5)), among `pids` or all; where there is none, nobody is seen and it is not complete. */
export async function findWriters(paths: readonly string[], pids: readonly number[] | null = null, root = '/proc'): Promise<Writers> {
  const of = new Map(paths.map((path) => [path, [] as Writer[]]));
  const names = pids?.map(String) ?? (await readdir(root).catch(orAbsent<string[] | null>(null)));
  if (names === null || names.length === 0) return { of, complete: names !== null };
  let complete = true;
  for (const pid of names.filter((name) => /^\d+$/.test(name))) {
    const fds = await readdir(join(root, pid, 'fd')).catch(orAbsent<string[]>([], () => (complete = false)));
    for (const fd of fds) {
      const target = await readlink(join(root, pid, 'fd', fd)).catch(orAbsent(''));
      const writers = of.get(target);
      if (writers === undefined) continue;
      const flags = openFlags(await readFile(join(root, pid, 'fdinfo', fd), 'utf8').catch(orAbsent('')));
      if (flags !== null && (flags & O_ACCMODE) !== 0) writers.push({ pid: Number(pid), appends: (flags & O_APPEND) !== 0 });
    }
  }
  return { of, complete };
}

/** `flags:` of /proc/PID/fdinfo/FD, in octal; null: it has been closed meanwhile. */
export function openFlags(fdinfo: string): number | null {
  const digits = /^flags:\s*([0-7]+)$/m.exec(fdinfo)?.[1];
  return digits === undefined ? null : Number.parseInt(digits, 8);
}

const O_ACCMODE = 0o3;
const O_APPEND = 0o2000;

/** Whether a process has a handler for a signal: one that has none is killed by it. null: it cannot be told. */
export async function catches(pid: number, signal: number, root = '/proc'): Promise<boolean | null> {
  const status = await readFile(join(root, String(pid), 'status'), 'utf8').catch(orAbsent(''));
  const mask = /^SigCgt:\s*([0-9a-f]+)$/m.exec(status)?.[1];
  return mask === undefined ? null : (BigInt(`0x${mask}`) & (1n << BigInt(signal - 1))) !== 0n;
}

const orAbsent =
  <T>(absent: T, onHidden: () => void = () => undefined) =>
  (error: unknown): T => {
    if (isErrno(error, 'EACCES', 'EPERM')) onHidden();
    else if (!isErrno(error, 'ENOENT', 'ESRCH', 'ENOTDIR', 'EINVAL')) throw error;
    return absent;
  };
