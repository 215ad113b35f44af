import { mkdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { AppError, isErrno, messageOf } from '../../shared/errors.js';

/** A value of a column. */
export type Value = string | number | null;

/** The one connection to an embedded database. Every call is done when it returns; errors: `failed`, with the file and what to do; `unsupported` on this host. */
export interface Database {
  run(sql: string, values: readonly Value[]): void;
  /** Columns by their names. The tables are STRICT: what a column is declared as, its values are. */
  all<Row>(sql: string, values: readonly Value[]): Row[];
  /** All of `work` is on the disk when this returns, or nothing of it is done. */
  transaction(work: () => void): void;
  close(): void;
}

export interface DatabaseOptions {
  readonly path: string;
  /** The tables, in SQL, and their number: a file with another one was written by another version of ctl. */
  readonly tables: string;
  readonly version: number;
}

/** Opens the file, and makes it (0600, whole or not at all) if there is none. */
export async function openDatabase(options: DatabaseOptions): Promise<Database> {
  const { path, version } = options;
  const { default: Libsql } = await import('libsql').catch((error: unknown) => {
    throw new AppError('unsupported', `there is no libsql on this host, so that no history is kept: ${firstLine(messageOf(error))}`, {
      hint: 'install ctl with its packages, on a platform that libsql is made for',
      cause: error,
    });
  });
  if (!(await exists(path))) await create(options, (file) => new Libsql(file));
  const guarded = <T>(work: () => T): T => {
    try {
      return work();
    } catch (error) {
      throw failure(path, error);
    }
  };
  const db = guarded(() => new Libsql(path));
  // To prepare one costs more than to run it, and there are few.
  const prepared = new Map<string, ReturnType<typeof db.prepare>>();
  const statement = (sql: string) => {
    const found = prepared.get(sql) ?? db.prepare(sql);
    prepared.set(sql, found);
    return found;
  };
  // Values as one array: as arguments of their own a lone null would be taken for named parameters.
  const all = <Row>(sql: string, values: readonly Value[]): Row[] => guarded(() => statement(sql).all(values) as Row[]);
  guarded(() => {
    db.exec(`PRAGMA busy_timeout=${BUSY_MS}; PRAGMA synchronous=FULL;`);
    db.prepare('PRAGMA journal_mode=WAL').all([]);
  });
  const found = all<{ user_version: number }>('PRAGMA user_version', [])[0]?.user_version;
  if (found !== version) throw unreadable(path, found === 0 ? 'it is empty' : `it was written by another version of ctl (${found ?? '?'})`);
  return {
    run: (sql, values) => void guarded(() => statement(sql).run(values)),
    all,
    transaction: (work) => guarded(() => db.transaction(work).immediate()),
    close: () => guarded(() => db.close()),
  };
}

const firstLine = (text: string) => text.split('\n', 1)[0] ?? '';

/** Another `ctl` may be writing a round of its own. */
const BUSY_MS = 3_000;

/** Beside its place first: a file that a crash left without its tables would look like an empty one that lost them. */
async function create({ path, tables, version }: DatabaseOptions, open: (file: string) => { exec(sql: string): void; close(): void }) {
  const file = `${path}.${process.pid}.new`;
  try {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    await rm(file, { force: true });
    // What stands in logs is nobody else's; the files beside it take its mode over.
    await writeFile(file, '', { mode: 0o600 });
    const db = open(file);
    db.exec(`BEGIN; ${tables}; PRAGMA user_version=${version}; COMMIT;`);
    db.close();
    await rename(file, path);
  } catch (error) {
    throw failure(path, error);
  } finally {
    await rm(file, { force: true });
  }
}

export async function exists(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return false;
    throw failure(path, error);
  }
}

function failure(path: string, error: unknown): AppError {
  if (error instanceof AppError) return error;
  const broken = isErrno(error, 'SQLITE_NOTADB', 'SQLITE_CORRUPT') || isErrno(error, 'SQLITE_ERROR');
  if (broken) return unreadable(path, messageOf(error), error);
  return new AppError('failed', `the history ${path} cannot be used: ${messageOf(error)}`, {
    hint: 'is its disk full, its folder writable for this user?',
    cause: error,
  });
}

const unreadable = (path: string, why: string, cause?: unknown): AppError =>
  new AppError('failed', `the history ${path} cannot be read: ${why}`, {
    hint: `move ${path} and the files beside it (-wal, -shm) away: the past events are lost then, and lasting ones are told again`,
    cause,
  });
