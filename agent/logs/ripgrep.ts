import type { FileHandle } from 'node:fs/promises';
import { throwIfAborted } from '../../shared/abort.js';
import { AppError, messageOf } from '../../shared/errors.js';
import { type ProgramEnd, programFailed, streamProgram, type StreamedProgram, writeAll } from '../../shared/ports/stream-program.js';
import { openOnceMore, type OpenFile } from './log-file.js';
import type { Argv } from '../../shared/ports/exec.js';

/** ripgrep as live logs need it: the lines that match, by their offset, or only their number. */
export interface Ripgrep {
  /**
   * Offsets of the matching lines of an open file from `from` (or a little before) to its end, in portions as they are found. Nothing is
   * read ahead of who asks. Ends early when the reader does.
   */
  offsets(file: OpenFile, rust: string, from: number, signal: AbortSignal): AsyncIterable<readonly number[]>;
  /** Number of the matching lines of an open file that is read from its beginning. */
  count(file: OpenFile, rust: string, signal: AbortSignal): Promise<number>;
  /** Numbers (from 0) of the lines of `bytes` that match. */
  matchingLines(bytes: Buffer, rust: string, signal: AbortSignal): Promise<readonly number[]>;
}

/**
 * The ripgrep of the package: its binary lies in it. It gets the file that we have opened, never a path, so that it reads the same file
 * whatever happens to the name. Errors of all calls: `usage` (the pattern), `unsupported` (no binary for this host), `failed`.
 */
export async function loadRipgrep(): Promise<Ripgrep> {
  const { rgPath } = await import('@vscode/ripgrep').catch((error: unknown) => {
    throw new AppError('unsupported', `there is no ripgrep on this host: ${messageOf(error)}`, {
      hint: 'install ctl with its optional packages: npm ci --include=optional',
    });
  });
  return createRipgrep(rgPath);
}

export function createRipgrep(rg: string): Ripgrep {
  return {
    async *offsets(file, rust, from, signal) {
      const { program, base } = await start([rg, ...FLAGS, ...OFFSETS, '-e', rust, '-'], file, from, signal);
      yield* bounded(program, signal, (output) => portions(output, base));
    },
    async count(file, rust, signal) {
      const { program } = await start([rg, ...FLAGS, '--count', '-e', rust, '-'], file, 0, signal);
      let text = '';
      for await (const chunk of bounded(program, signal, (output) => output as AsyncIterable<Buffer>)) text += chunk.toString('latin1');
      // It says nothing of none.
      return Number(text.trim() || 0);
    },
    async matchingLines(bytes, rust, signal) {
      const program = streamProgram([rg, ...FLAGS, ...NUMBERS, '-e', rust, '-'], 'pipe');
      if (program.input !== null) void feed(program.input, bytes);
      const lines: number[] = [];
      for await (const portion of bounded(program, signal, (output) => portions(output, -1))) lines.push(...portion);
      return lines;
    },
  };
}

/**
 * Live logs change while they are read: no mmap (SIGBUS when one is cut), `-a` (a NUL hole would hide every hit), no decoding. The
 * environment and the user's own settings are not for this.
 */
const FLAGS: readonly string[] = [
  '--no-config',
  '--no-mmap',
  '-a',
  '--encoding',
  'none',
  '--color',
  'never',
  '--no-heading',
  '--no-messages',
];
/** One short line for each that matches, however long it is and however often it matches: `OFFSET:[Omitted …]`. */
const OFFSETS: readonly string[] = ['--byte-offset', '--no-line-number', '--max-columns', '1'];
const NUMBERS: readonly string[] = ['--line-number', '--max-columns', '1'];

async function feed(input: NonNullable<StreamedProgram['input']>, bytes: Buffer): Promise<void> {
  await writeAll(input, bytes);
  input.end();
}

/** Reads a program's output; it does not outlive the reading. */
async function* bounded<T>(
  program: StreamedProgram,
  signal: AbortSignal,
  read: (output: StreamedProgram['output']) => AsyncIterable<T>,
): AsyncGenerator<T> {
  const onAbort = () => program.kill();
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    throwIfAborted(signal);
    try {
      yield* read(program.output);
    } catch (error) {
      throwIfAborted(signal);
      await program.ended;
      throw error;
    }
    throwIfAborted(signal);
    judge(await program.ended);
  } finally {
    signal.removeEventListener('abort', onAbort);
    program.kill();
  }
}

/** 1: nothing matched. */
function judge(end: ProgramEnd): void {
  if (end.code === 0 || end.code === 1) return;
  if (/regex parse error|exceeds size limit|error: /.test(end.stderr)) {
    const why = /^error: (.*)$/m.exec(end.stderr)?.[1] ?? end.stderr.trim().split('\n').at(-1) ?? '';
    throw new AppError('usage', `not a pattern that can be searched for: ${why.replace(/^rg: /, '')}`);
  }
  throw programFailed('ripgrep', end);
}

/** The numbers in front of the colons, `base` added. */
async function* portions(output: AsyncIterable<unknown>, base: number): AsyncGenerator<readonly number[]> {
  let value = 0;
  let inNumber = true;
  for await (const chunk of output as AsyncIterable<Buffer>) {
    const found: number[] = [];
    for (let at = 0; at < chunk.length; at++) {
      const byte = chunk[at] ?? 0;
      if (!inNumber) {
        const end = chunk.indexOf(NEWLINE, at);
        if (end < 0) break;
        at = end;
        inNumber = true;
        value = 0;
      } else if (byte === COLON) {
        found.push(value + base);
        inNumber = false;
      } else value = value * 10 + (byte - ZERO);
    }
    if (found.length > 0) yield found;
  }
}

const NEWLINE = 0x0a;
const COLON = 0x3a;
const ZERO = 0x30;

/**
 * Starts a program on a file that is open, near `from`; `base` is where it begins. It gets a descriptor of its own: the position of one that is
 * shared would be where the last program left it.
 */
async function start(argv: Argv, file: OpenFile, from: number, signal: AbortSignal): Promise<{ program: StreamedProgram; base: number }> {
  const own = await openOnceMore(file);
  try {
    const base = await moveTo(own, from, signal);
    return { program: streamProgram(argv, own.fd), base };
  } finally {
    await own.close();
  }
}

/**
 * Moves the position of an open file, which whoever inherits the descriptor reads from, near `from`; answers where it is now. Node has no
 * lseek; dd has. Where there is none, the file is read from its beginning: slower, and the same result.
 */
async function moveTo(file: FileHandle, from: number, signal: AbortSignal): Promise<number> {
  const blocks = Math.floor(from / BLOCK_BYTES);
  if (blocks === 0 || process.platform === 'win32') return 0;
  const argv: Argv = ['dd', `bs=${BLOCK_BYTES}`, `skip=${blocks}`, 'count=0'];
  const program = streamProgram(argv, file.fd);
  const { code } = await program.ended.catch(() => ({ code: null }));
  throwIfAborted(signal);
  return code === 0 ? blocks * BLOCK_BYTES : 0;
}

const BLOCK_BYTES = 64 * 1024;
