import { spawn } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import { AppError } from '../errors.js';
import { type Argv, notStarted } from './exec.js';

/** A program whose output is read while it runs, as fast as the reader wants it: what is not read stops the program. */
export interface StreamedProgram {
  /** null unless asked for. */
  readonly input: Writable | null;
  readonly output: Readable;
  /** Resolves when it is over; rejects with `failed` if it cannot be started at all. */
  readonly ended: Promise<ProgramEnd>;
  /** At once, and without a trace. */
  kill(): void;
}

export interface ProgramEnd {
  readonly code: number | null;
  readonly signal: string | null;
  /** The first 4 KiB. */
  readonly stderr: string;
}

/** `stdin`: a descriptor of ours that it gets with its position, or a pipe to be written to. */
export function streamProgram(argv: Argv, stdin: number | 'pipe'): StreamedProgram {
  const [file, ...args] = argv;
  const child = spawn(file, args, { stdio: [stdin, 'pipe', 'pipe'], windowsHide: true });
  const { stdout: output } = child;
  if (output === null) throw new AppError('internal', `${file} has no output`);
  // Node throws away what nobody has begun to read when the program ends.
  output.on('readable', () => undefined);
  let stderr = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (stderr = (stderr + text).slice(0, MAX_STDERR)));
  // Whoever writes learns of it from the end of the program.
  child.stdin?.on('error', () => undefined);
  const ended = new Promise<ProgramEnd>((resolve, reject) => {
    child.once('error', (cause) => {
      output.destroy();
      reject(notStarted(file, cause));
    });
    child.once('close', (code, signal) => resolve({ code, signal, stderr }));
  });
  // Read by those who want to know; a program that was killed is nobody's.
  ended.catch(() => undefined);
  return {
    input: child.stdin,
    output,
    ended,
    kill() {
      child.kill('SIGKILL');
      output.destroy();
      child.stderr?.destroy();
    },
  };
}

const MAX_STDERR = 4 * 1024;

/** Writes with the patience that the reader needs; resolves early when nobody reads any more. */
export async function writeAll(input: Writable, bytes: Buffer): Promise<void> {
  if (input.destroyed) return;
  if (input.write(bytes)) return;
  await new Promise<void>((resolve) => {
    const done = () => {
      input.off('drain', done);
      input.off('close', done);
      resolve();
    };
    input.once('drain', done);
    input.once('close', done);
  });
}

/** What a program that failed said, as an error. */
export const programFailed = (file: string, { code, signal, stderr }: ProgramEnd): AppError =>
  new AppError('failed', `${file} ended with ${signal ?? `code ${code ?? '?'}`}: ${stderr.trim().split('\n')[0] ?? ''}`);
