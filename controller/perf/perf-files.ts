import { createReadStream } from 'node:fs';
import { appendFile, mkdir, readdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { throwIfAborted } from '../../shared/abort.js';
import { isErrno, toAppError } from '../../shared/errors.js';
import { formatPerfLine, parsePerfLine, perfFileOf, type TimedPage } from './perf-line.js';

/** Adds them to the files of their days. Errors: `failed`. */
export async function appendPages(dir: string, pages: readonly TimedPage[]): Promise<void> {
  const files = new Map<string, string>();
  for (const page of pages) {
    const path = join(dir, ...perfFileOf(page.at));
    files.set(path, (files.get(path) ?? '') + formatPerfLine(page));
  }
  for (const [path, lines] of files) {
    try {
      await mkdir(dirname(path), { recursive: true });
      await appendFile(path, lines);
    } catch (error) {
      throw toAppError(error, 'failed', `access times cannot be kept in ${path}`, 'see perfdir in cluster.ini');
    }
  }
}

/** A file is read as it is asked for, so that years of them take no memory. */
export type PerfEntry = { readonly type: 'page'; readonly page: TimedPage } | { readonly type: 'complaint'; readonly message: string };

/** Every page that was timed from `from` until before `to` (epoch ms). What cannot be read is a complaint. */
export async function* readPages(dir: string, from: number, to: number, signal: AbortSignal): AsyncGenerator<PerfEntry> {
  // With its reason at once, instead of an empty answer for a folder that is not there.
  await readdir(dir).catch((error: unknown) => {
    throw toAppError(error, 'config', `perfdir ${dir} cannot be read`, 'it is made with the first page that is timed: ctl check');
  });
  for (const path of filesBetween(dir, from, to)) {
    let strange = 0;
    try {
      for await (const line of createInterface({ input: createReadStream(path, 'utf8'), crlfDelay: Infinity })) {
        throwIfAborted(signal);
        const page = line.trim() === '' ? undefined : parsePerfLine(line);
        if (page === null) strange += 1;
        else if (page !== undefined && page.at >= from && page.at < to) yield { type: 'page', page };
      }
    } catch (error) {
      throwIfAborted(signal);
      if (isErrno(error, 'ENOENT')) continue;
      yield { type: 'complaint', message: toAppError(error, 'failed', `${path} cannot be read`).message };
    }
    if (strange > 0)
      yield { type: 'complaint', message: `${path}: ${strange} ${strange === 1 ? 'line is' : 'lines are'} none of a perf file` };
  }
}

function filesBetween(dir: string, from: number, to: number): string[] {
  const files: string[] = [];
  const day = new Date(from);
  // At noon no change of the clocks skips a day.
  for (day.setHours(12, 0, 0, 0); ; day.setDate(day.getDate() + 1)) {
    files.push(join(dir, ...perfFileOf(day.getTime())));
    if (day.toDateString() === new Date(to).toDateString() || day.getTime() > to) return files;
  }
}
