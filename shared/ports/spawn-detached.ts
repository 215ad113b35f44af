import { spawn } from 'node:child_process';
import { open, rename, rm, stat, truncate } from 'node:fs/promises';
import { AppError, isErrno } from '../errors.js';
import { notStarted, type Account, type Argv } from './exec.js';

export interface DetachedOptions {
  readonly cwd: string;
  /** The whole environment. */
  readonly env: Readonly<Record<string, string>>;
  readonly account?: Account;
  /** Gets stdout and stderr. What an earlier program left there is kept as `outputFile.1`. */
  readonly outputFile: string;
}

export interface Detached {
  readonly pid: number;
  /** How it ended, if it ends while we live; never rejects. */
  readonly ended: Promise<Ending>;
}

export interface Ending {
  readonly code: number | null;
  readonly signal: string | null;
}

/**
 * Starts a program that outlives us: leader of a session of its own, no pipe and no stdin between us.
 * Errors: `failed` (no such program, not executable, no such folder).
 */
export async function spawnDetached(argv: Argv, options: DetachedOptions): Promise<Detached> {
  const [file, ...args] = argv;
  // spawn() answers a missing folder as if the program were missing.
  await stat(options.cwd).catch((cause: unknown) => {
    throw new AppError('failed', `${file} cannot be run in ${options.cwd}`, { cause, hint: `does ${options.cwd} exist?` });
  });
  await keepPrevious(options.outputFile);
  const output = await open(options.outputFile, 'a', 0o600);
  try {
    const child = spawn(file, args, {
      cwd: options.cwd,
      env: { ...options.env },
      detached: true,
      stdio: ['ignore', output.fd, output.fd],
      ...(options.account ?? {}),
    });
    const ended = new Promise<Ending>((resolve) => child.once('exit', (code, signal) => resolve({ code, signal })));
    const pid = await new Promise<number>((resolve, reject) => {
      child.once('error', (error) => reject(notStarted(file, error)));
      child.once('spawn', () => (child.pid === undefined ? reject(notStarted(file, 'no pid')) : resolve(child.pid)));
    });
    child.unref();
    return { pid, ended };
  } finally {
    await output.close();
  }
}

/** Keeps the output of a program that runs for months bounded: over `maxBytes` its newest part moves to `file.1`. */
export async function boundOutput(file: string, maxBytes: number): Promise<void> {
  const size = await sizeOf(file);
  if (size <= maxBytes) return;
  const source = await open(file, 'r');
  try {
    const kept = Buffer.alloc(Math.min(size, KEPT_BYTES));
    const { bytesRead } = await source.read(kept, 0, kept.length, size - kept.length);
    const target = await open(`${file}.1`, 'w', 0o600);
    await target.writeFile(kept.subarray(0, bytesRead)).finally(() => target.close());
  } finally {
    await source.close();
  }
  // Safe under a writer: it holds the file open for appending.
  await truncate(file);
}

/** The end of a program's output, at most `bytes`; '' if it wrote nothing. */
export async function lastOutput(file: string, bytes = 4096): Promise<string> {
  const size = await sizeOf(file);
  if (size === 0) return '';
  const handle = await open(file, 'r');
  try {
    const buffer = Buffer.alloc(Math.min(size, bytes));
    const { bytesRead } = await handle.read(buffer, 0, buffer.length, size - buffer.length);
    return buffer.subarray(0, bytesRead).toString('utf8');
  } finally {
    await handle.close();
  }
}

const KEPT_BYTES = 256 * 1024;

/** Makes room for the output of another program: what is there becomes `file.1`. */
export async function keepPrevious(file: string): Promise<void> {
  if ((await sizeOf(file)) > 0) await rename(file, `${file}.1`);
  else await rm(file, { force: true });
}

async function sizeOf(file: string): Promise<number> {
  try {
    return (await stat(file)).size;
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return 0;
    throw error;
  }
}
