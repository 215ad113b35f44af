import { readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { AppError, isErrno, messageOf } from '../../shared/errors.js';
import type { ServiceReport } from '../../shared/model/check-report.js';
import { makeFolder, writeFileAtomic } from '../../shared/ports/files.js';
import { LAST_SEEN_FILE } from './last-seen-file.js';

/** The last report of every service, kept over a restart of the controller. */
export interface LastSeen {
  of(service: string): ServiceReport | undefined;
  /** Resolves when it is on the disk. In memory it is kept even if the disk fails. */
  record(reports: readonly ServiceReport[]): Promise<void>;
}

/** Reads what was kept in `path`; no such file is a first start, one that can't be read an error. */
export async function openLastSeen(path: string): Promise<LastSeen> {
  const seen = new Map((await read(path)).map((report) => [report.name, report]));
  let writing: Promise<void> = Promise.resolve();
  return {
    of: (service) => seen.get(service),
    record(reports) {
      for (const report of reports) seen.set(report.name, report);
      const written = writing.then(() => write(path, [...seen.values()]));
      // The one who recorded is told of a failure; the next writes all of it again.
      writing = written.catch(() => undefined);
      return written;
    },
  };
}

async function read(path: string): Promise<ServiceReport[]> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return [];
    throw unreadable(path, messageOf(error), error);
  }
  try {
    return LAST_SEEN_FILE.parse(JSON.parse(text)).services;
  } catch (error) {
    throw unreadable(path, 'it does not hold what ctl wrote', error);
  }
}

async function write(path: string, services: readonly ServiceReport[]): Promise<void> {
  try {
    await makeFolder(dirname(path));
    await writeFileAtomic(path, `${JSON.stringify({ schema: 1, services })}\n`);
  } catch (error) {
    throw new AppError('failed', `what was last seen can't be kept in ${path}: ${messageOf(error)}`, { cause: error });
  }
}

const unreadable = (path: string, why: string, cause: unknown) =>
  new AppError('failed', `what was last seen can't be read from ${path}: ${why}`, {
    cause,
    hint: 'move the file away: only the last state of each service is lost, and the next check measures it again',
  });
