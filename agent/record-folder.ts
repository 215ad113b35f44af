import { createHash } from 'node:crypto';
import { link, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { AppError, isErrno, toAppError } from '../shared/errors.js';
import { parseJson } from '../shared/json.js';
import { makeFolder, writeFileAtomic } from '../shared/ports/files.js';

/** What is under way, in a folder of the state_dir: a file each, named for what it is done to, so that there is one of each at most. */
export interface RecordFolder<T> {
  /** null: there is none. Errors: `failed` for one that cannot be read, which is never taken for none. */
  read(key: string): Promise<T | null>;
  /** As `read`. */
  list(): Promise<T[]>;
  /** On the disk when it resolves. Errors: `failed`. */
  write(key: string, record: T): Promise<void>;
  /** As `write`; false: there is one, and it stays. */
  add(key: string, record: T): Promise<boolean>;
  remove(key: string): Promise<void>;
}

export interface RecordFolderOptions<T> {
  readonly isRecord: (value: unknown) => value is T;
  /** `the purge of squid`: for errors. */
  readonly what: (key: string) => string;
  /** What to do about a damaged one. */
  readonly hint: string;
}

export function createRecordFolder<T>(folder: string, { isRecord, what, hint }: RecordFolderOptions<T>): RecordFolder<T> {
  let drafts = 0;
  const pathOf = (key: string): string => join(folder, `${createHash('sha256').update(key).digest('hex').slice(0, 24)}.json`);

  return {
    read: (key) => readRecord(pathOf(key)),
    async list() {
      const names = await readdir(folder).catch((error: unknown) => {
        if (isErrno(error, 'ENOENT')) return [];
        throw toAppError(error, 'failed', `${folder} cannot be read`);
      });
      const records = await Promise.all(names.filter((name) => name.endsWith('.json')).map((name) => readRecord(join(folder, name))));
      return records.filter((record) => record !== null);
    },
    write: (key, record) => writing(key, () => writeFileAtomic(pathOf(key), `${JSON.stringify(record)}\n`)),
    add: (key, record) =>
      writing(key, async () => {
        const draft = `${pathOf(key)}.${process.pid}.${drafts++}.new`;
        try {
          await writeFileAtomic(draft, `${JSON.stringify(record)}\n`);
          await link(draft, pathOf(key));
          return true;
        } catch (error) {
          if (isErrno(error, 'EEXIST')) return false;
          throw error;
        } finally {
          await rm(draft, { force: true });
        }
      }),
    remove: (key) => rm(pathOf(key), { force: true }),
  };

  async function writing<R>(key: string, write: () => Promise<R>): Promise<R> {
    try {
      await makeFolder(folder);
      return await write();
    } catch (error) {
      throw toAppError(error, 'failed', `${what(key)} cannot be written down`, 'see state_dir in agent.ini');
    }
  }

  async function readRecord(path: string): Promise<T | null> {
    const text = await readFile(path, 'utf8').catch((error: unknown) => {
      // It ended meanwhile.
      if (isErrno(error, 'ENOENT')) return null;
      throw toAppError(error, 'failed', `${path} cannot be read`);
    });
    if (text === null) return null;
    const value = parseJson(text);
    if (isRecord(value)) return value;
    throw new AppError('failed', `${path} is damaged`, { hint });
  }
}
