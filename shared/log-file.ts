import { closeSync, fstatSync, openSync, renameSync, writeSync } from 'node:fs';
import { isErrno, toAppError } from './errors.js';

export interface LogFileOptions {
  readonly maxBytes?: number;
  /** How many full files are kept beside the current one, as `PATH.1` (the newest) and so on. */
  readonly keep?: number;
  /** Of a file that is made. */
  readonly mode?: number;
  /** Gets the lines that the file does not take, after one line that says why. */
  readonly fallback?: (line: string) => void;
}

/**
 * A file that lines are written to at once, so that the last one before a crash is in it. A file that can't be opened is an error now;
 * one that fails later (a full disk) must not stop the program: its lines go to `fallback` until it works again.
 */
export function createLogFile(path: string, options: LogFileOptions = {}): { write(line: string): void; close(): void } {
  const { maxBytes = 10 * 1024 * 1024, keep = 5, mode = 0o640, fallback = (line: string) => process.stderr.write(line) } = options;
  let failing = false;
  let file: { fd: number; bytes: number } | null = openForAppend(path, mode);

  return {
    write(line) {
      try {
        file = file === null ? openForAppend(path, mode) : file.bytes < maxBytes ? file : rotate(file.fd);
        file.bytes += writeSync(file.fd, line);
        failing = false;
      } catch (error) {
        if (!failing) fallback(`${toAppError(error, 'failed', `the log ${path} cannot be written`).message}\n`);
        failing = true;
        fallback(line);
      }
    },
    close() {
      if (file !== null) closeSync(file.fd);
      file = null;
    },
  };

  function rotate(fd: number): { fd: number; bytes: number } {
    file = null;
    closeSync(fd);
    for (let n = keep; n > 0; n--) {
      try {
        renameSync(n === 1 ? path : `${path}.${n - 1}`, `${path}.${n}`);
      } catch (error) {
        if (!isErrno(error, 'ENOENT')) throw error;
      }
    }
    return openForAppend(path, mode);
  }
}

function openForAppend(path: string, mode: number): { fd: number; bytes: number } {
  try {
    const fd = openSync(path, 'a', mode);
    return { fd, bytes: fstatSync(fd).size };
  } catch (error) {
    throw toAppError(
      error,
      'config',
      `the log ${path} cannot be opened`,
      'create its folder, or give the user of this program the right to write there',
    );
  }
}
