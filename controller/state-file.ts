import { readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { z } from 'zod';
import { AppError, isErrno, messageOf } from '../shared/errors.js';
import { makeFolder, writeFileAtomic } from '../shared/ports/files.js';

/** A file in the state_dir that is always written as a whole. */
export interface StateFile<T> {
  /** null: it is not there, as at a first start. Errors: `failed`; one that cannot be read is never taken for an empty one. */
  read(): Promise<T | null>;
  /** On the disk when it resolves. Errors: `failed`. */
  write(value: T): Promise<void>;
}

export interface StateFileOptions<T> {
  readonly schema: z.ZodType<T>;
  /** `what was last seen`: for errors. */
  readonly what: string;
  /** What to do when it cannot be read. */
  readonly hint: string;
}

export function createStateFile<T>(path: string, { schema, what, hint }: StateFileOptions<T>): StateFile<T> {
  const unreadable = (why: string, cause: unknown) => new AppError('failed', `${what} can't be read from ${path}: ${why}`, { cause, hint });

  return {
    async read() {
      let text: string;
      try {
        text = await readFile(path, 'utf8');
      } catch (error) {
        if (isErrno(error, 'ENOENT')) return null;
        throw unreadable(messageOf(error), error);
      }
      try {
        return schema.parse(JSON.parse(text));
      } catch (error) {
        throw unreadable('it does not hold what ctl wrote', error);
      }
    },
    async write(value) {
      try {
        await makeFolder(dirname(path));
        await writeFileAtomic(path, `${JSON.stringify(value)}\n`);
      } catch (error) {
        throw new AppError('failed', `${what} can't be kept in ${path}: ${messageOf(error)}`, { cause: error });
      }
    },
  };
}
