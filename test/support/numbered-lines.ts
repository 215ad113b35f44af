import { spawn } from 'node:child_process';
import { createReadStream } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { createInterface } from 'node:readline';
import { createGunzip } from 'node:zlib';
import { once } from 'node:events';

/** How a writer behaves when its log is renamed: keeps the old file, looks before each line, or opens a new one by USR2. */
export type WriterWay = 'stays' | 'watches' | 'reopens';

export interface NumberedWriter extends AsyncDisposable {
  readonly pid: number;
  /** Ends it, and answers how many it has written. */
  end(): Promise<number>;
}

const PROGRAM = join(import.meta.dirname, '..', 'fixtures', 'programs', 'writes-numbered-lines.mjs');

/** A process that appends numbered lines, or entries of three lines; resolves when it writes. */
export async function startWriter(
  log: string,
  options: { readonly rate: number; readonly way?: WriterWay; readonly form?: 'lines' | 'entries' },
): Promise<NumberedWriter> {
  const { rate, way = 'stays', form = 'lines' } = options;
  const child = spawn(process.execPath, [PROGRAM, log, String(rate), way, form], { stdio: ['ignore', 'pipe', 'inherit'] });
  const exited = once(child, 'close');
  let said = '';
  const writing = new Promise<void>((resolve, reject) => {
    child.stdout.on('data', (bytes: Buffer) => {
      said += bytes.toString();
      if (said.includes('writing')) resolve();
    });
    child.once('error', reject);
    child.once('exit', () => reject(new Error(`the writer ended: ${said}`)));
  });
  await writing;
  const end = async (): Promise<number> => {
    child.kill('SIGTERM');
    await exited;
    const written = Number(said.trim().split('\n').at(-1));
    if (!Number.isInteger(written)) throw new Error(`the writer did not say how much it has written: ${said}`);
    return written;
  };
  return {
    pid: child.pid ?? 0,
    end,
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL');
      await exited;
    },
  };
}

/** What became of `written` lines or entries: `cut` is what stands somewhere in part, or in two files. */
export interface Account {
  readonly written: number;
  readonly lost: number;
  readonly doubled: number;
  readonly cut: number;
}

/** Reads every archive below `archiveDir`, and the log. */
export async function account(log: string, archiveDir: string, written: number, form: 'lines' | 'entries' = 'lines'): Promise<Account> {
  const seen = new Uint8Array(written);
  const entries = await readdir(archiveDir, { recursive: true, withFileTypes: true });
  const archives = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  let cut = 0;
  for (const file of [...archives, log]) cut += await countIn(file, seen, form);
  let lost = 0;
  let doubled = 0;
  for (const times of seen) {
    if (times === 0) lost++;
    if (times > 1) doubled += times - 1;
  }
  return { written, lost, doubled, cut };
}

const LINE = /^(\d{10}) a line that nobody may lose and nobody may see twice$/;
const HEADER = /^2024-09-25 16:47:17,760 ERROR \[Zope:42\]\[waitress-0\] (.+)$/;
const BODY = ['Traceback (most recent call last):', '  of '] as const;

function unpacked(file: string, bytes: Readable): Readable {
  if (file.endsWith('.gz')) return bytes.pipe(createGunzip());
  if (!file.endsWith('.zst')) return bytes;
  const zstd = spawn('zstd', ['-dc', '-q'], { stdio: ['pipe', 'pipe', 'inherit'] });
  bytes.pipe(zstd.stdin);
  return zstd.stdout;
}

async function countIn(file: string, seen: Uint8Array, form: 'lines' | 'entries'): Promise<number> {
  const bytes = createReadStream(file, { highWaterMark: 1024 * 1024 });
  const lines = createInterface({ input: unpacked(file, bytes), crlfDelay: Infinity });
  let cut = 0;
  /** Of an entry: how many of its lines have been seen, and its first. */
  let open = { lines: 0, first: '' };
  const count = (line: string) => {
    const number = LINE.exec(line)?.[1];
    if (number === undefined || Number(number) >= seen.length) cut++;
    else seen[Number(number)] = (seen[Number(number)] ?? 0) + 1;
  };
  for await (const line of lines) {
    if (line.trim() === '') continue;
    if (form === 'lines') {
      count(line);
      continue;
    }
    const header = HEADER.exec(line)?.[1];
    if (header !== undefined) {
      if (open.lines !== 0) cut++;
      open = { lines: 1, first: header };
    } else if (open.lines === 1 && line === BODY[0]) open.lines = 2;
    else if (open.lines === 2 && line === `${BODY[1]}${open.first}`) {
      count(open.first);
      open = { lines: 0, first: '' };
    } else cut++;
  }
  return open.lines === 0 ? cut : cut + 1;
}

/** As the writer writes it. */
export const lineOf = (number: number): string =>
  `${String(number).padStart(10, '0')} a line that nobody may lose and nobody may see twice`;
