import { execa } from 'execa';
import { linkSignals, throwIfAborted } from '../abort.js';
import { AppError, isErrno, messageOf } from '../errors.js';

/** A program and its arguments; never a shell string. */
export type Argv = readonly [string, ...string[]];

/** Whom a program runs as; only root may choose. */
export interface Account {
  readonly uid: number;
  readonly gid: number;
}

export interface ExecOptions {
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  readonly cwd?: string;
  /** The whole environment; default: our own. */
  readonly env?: Readonly<Record<string, string>>;
  readonly account?: Account;
  /** Bytes to keep of each of stdout and stderr; default 64 KiB. */
  readonly keepBytes?: number;
}

/** How a program ended; `code` is null when a signal ended it. `truncated`: there was more output than was kept. */
export interface ExecResult {
  readonly code: number | null;
  readonly signal: string | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly truncated: boolean;
}

/** How programs are run, so that a test can hand in its own. */
export type Exec = (argv: Argv, options: ExecOptions) => Promise<ExecResult>;

/**
 * Runs a program to its end, without stdin, in a process group of its own. A bad exit code is a result, not an error.
 * A program that leaves a daemon behind which holds its pipes is over when the program itself is.
 * Errors: `failed` (no such program, not executable), `timeout` and `cancelled` (the whole group has been killed).
 */
export const exec: Exec = async (argv, options) => {
  const [file, ...args] = argv;
  using linked = linkSignals([options.signal], options.timeoutMs, file);
  throwIfAborted(linked.signal);
  const child = execa(file, args, {
    buffer: false,
    reject: false,
    detached: true,
    cleanup: false,
    stdio: ['ignore', 'pipe', 'pipe'],
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    ...(options.env === undefined ? {} : { env: options.env, extendEnv: false }),
    ...(options.account ?? {}),
  });
  const { pid } = child;
  if (pid === undefined) throw notStarted(file, (await child).cause);
  const stdout = collect(child.stdout, options.keepBytes);
  const stderr = collect(child.stderr, options.keepBytes);
  const onAbort = () => killGroup(pid);
  linked.signal.addEventListener('abort', onAbort, { once: true });
  try {
    const [code, signal] = await new Promise<[number | null, string | null]>((resolve) => child.once('exit', (...end) => resolve(end)));
    await Promise.race([Promise.all([stdout.ended, stderr.ended]), pause(DRAIN_PIPES_MS)]);
    throwIfAborted(linked.signal);
    return { code, signal, stdout: stdout.text(), stderr: stderr.text(), truncated: stdout.truncated() || stderr.truncated() };
  } finally {
    linked.signal.removeEventListener('abort', onAbort);
    child.stdout.destroy();
    child.stderr.destroy();
  }
};

/** A dead program's last words are in the pipe already; whoever holds it open longer is not the program. */
const DRAIN_PIPES_MS = 200;
const DEFAULT_KEEP_BYTES = 64 * 1024;

export function notStarted(file: string, cause: unknown): AppError {
  if (isErrno(cause, 'ENOENT'))
    return new AppError('failed', `${file}: no such program`, { cause, hint: `is ${file} installed, and its path right?` });
  return new AppError('failed', `${file} cannot be run: ${messageOf(cause)}`, { cause });
}

function collect(stream: NodeJS.ReadableStream, keepBytes = DEFAULT_KEEP_BYTES) {
  const chunks: Buffer[] = [];
  let kept = 0;
  let seen = 0;
  stream.on('data', (chunk: Buffer) => {
    seen += chunk.length;
    if (kept >= keepBytes) return;
    const part = chunk.subarray(0, keepBytes - kept);
    chunks.push(part);
    kept += part.length;
  });
  const ended = new Promise<void>((resolve) => stream.once('close', () => resolve()));
  return { ended, text: () => Buffer.concat(chunks).toString('utf8'), truncated: () => seen > kept };
}

function killGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch (error) {
    if (!isErrno(error, 'ESRCH')) throw error;
  }
}

const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms).unref());
