import { execFile } from 'node:child_process';
import { copyFile, open, readFile, rename, rm, truncate, type FileHandle } from 'node:fs/promises';
import { promisify } from 'node:util';

/** A log that is written line by line, and taken away from under its writer in every way that there is. */
export interface RotatedLog {
  readonly path: string;
  /** Writes the next lines, numbered. */
  write(lines: number): Promise<void>;
  /** Writes bytes as they are. */
  raw(text: string): Promise<void>;
  rotate(): Promise<void>;
  readonly lines: number;
  close(): Promise<void>;
}

export type Rotation = 'rename' | 'rename-late' | 'collapse' | 'copytruncate' | 'copytruncate-hole' | 'recreate';

const run = promisify(execFile);
const BLOCK = 4096;

export async function openRotatedLog(path: string, rotation: Rotation, lineOf: (number: number) => string): Promise<RotatedLog> {
  let rotations = 0;
  let lines = 0;
  /** Of a writer that does not append: where it writes. */
  let at = 0;
  const appends = rotation !== 'copytruncate-hole';
  let file: FileHandle = await open(path, appends ? 'a' : 'w');
  let old: FileHandle | null = null;

  const log: RotatedLog = {
    path,
    get lines() {
      return lines;
    },
    async write(count) {
      let text = '';
      for (let n = 0; n < count; n++) text += lineOf(lines++);
      // In pieces, cut anywhere.
      const middle = Math.floor(text.length / 3);
      await log.raw(text.slice(0, middle));
      await log.raw(text.slice(middle));
    },
    async raw(text) {
      const bytes = Buffer.from(text);
      await (old ?? file).write(bytes, 0, bytes.length, appends ? null : at);
      at += bytes.length;
    },
    async rotate() {
      rotations += 1;
      await old?.close();
      old = null;
      const archive = `${path}.1`;
      for (let n = rotations - 1; n > 0; n--) await rename(`${path}.${n}`, `${path}.${n + 1}`);
      switch (rotation) {
        case 'rename':
          await rename(path, archive);
          await file.close();
          file = await open(path, 'a');
          return;
        case 'rename-late':
          await rename(path, archive);
          // The writer does not know yet: what it writes next goes to the old file.
          old = file;
          file = await open(path, 'a');
          return;
        case 'recreate':
          rotations = 0;
          await rm(path);
          await file.close();
          file = await open(path, 'a');
          return;
        case 'copytruncate':
        case 'copytruncate-hole':
          await copyFile(path, archive);
          await truncate(path, 0);
          return;
        case 'collapse':
          await collapse(path, archive);
      }
    },
    async close() {
      await old?.close();
      await file.close();
    },
  };
  return log;
}

/** Whole blocks go to the archive, with the rest of the line that is cut; in the log that rest is blanked. */
async function collapse(path: string, archive: string): Promise<void> {
  const bytes = await readFile(path);
  const cut = Math.floor((bytes.length - 1) / BLOCK) * BLOCK;
  if (cut <= 0) throw new Error('too little to collapse');
  const end = bytes.indexOf('\n', cut) + 1;
  const copy = await open(archive, 'w');
  await copy.write(bytes.subarray(0, end));
  await copy.close();
  await run('fallocate', ['--collapse-range', '--offset', '0', '--length', String(cut), path]);
  const head = await open(path, 'r+');
  await head.write(Buffer.from(`${' '.repeat(end - cut - 1)}\n`), 0, end - cut, 0);
  await head.close();
}
