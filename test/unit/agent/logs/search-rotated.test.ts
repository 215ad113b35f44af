import { copyFileSync, renameSync, truncateSync, writeFileSync } from 'node:fs';
import { mkdir, mkdtemp, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createLogSearch, createSinceStart, type LogSearch } from '../../../../agent/logs/index.js';
import type { LogQuery, LogSummary } from '../../../../shared/model/log-search.js';
import { systemClock } from '../../../../shared/ports/clock.js';
import { forPattern, targetOf } from '../../../support/log-searches.js';

let folder = '';
let path = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rotated-'));
  path = join(folder, 'event.log');
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const signal = new AbortController().signal;
const search = createLogSearch({ clock: systemClock });

/** Something happens when the first entries are found. */
async function findWhile(query: LogQuery, happens: () => void): Promise<{ words: (string | undefined)[]; summary: LogSummary | null }> {
  const words: (string | undefined)[] = [];
  let summary: LogSummary | null = null;
  for await (const part of search(targetOf(path), query, signal)) {
    if (part.type === 'summary') ({ summary } = part);
    else {
      if (words.length === 0) happens();
      words.push(...part.entries.map(({ text }) => text.split(' ').at(-1)));
    }
  }
  return { words, summary };
}

const line = (minute: number, word: string) => `2024-10-11 16:${String(minute).padStart(2, '0')}:00 INFO ${word}\n`;
const EVERYWHERE = forPattern('INFO', { range: { kind: 'all', archives: true } });

async function threeFiles(): Promise<void> {
  for (const [n, file] of [`${path}.2`, `${path}.1`, path].entries()) {
    await writeFile(file, line(n, ['oldest', 'old', 'new'][n] ?? ''));
    await utimes(file, 1000 + n, 1000 + n);
  }
}

describe('a search while its log is rotated', () => {
  it('reads each file once, whatever it is called by then', async () => {
    await threeFiles();
    const { words, summary } = await findWhile(EVERYWHERE, () => {
      for (const n of [2, 1]) renameSync(`${path}.${n}`, `${path}.${n + 1}`);
      renameSync(path, `${path}.1`);
      writeFileSync(path, line(9, 'newest'));
    });
    expect(words).toEqual(['oldest', 'old', 'new']);
    expect(summary).toMatchObject({ notes: [], why: null });
  });

  it('reads an archive that is packed meanwhile', async () => {
    await threeFiles();
    const { words, summary } = await findWhile(EVERYWHERE, () => {
      writeFileSync(`${path}.1.gz`, gzipSync(line(1, 'old')));
      renameSync(`${path}.1`, join(folder, 'gone'));
    });
    expect(words).toEqual(['oldest', 'old', 'new']);
    expect(summary).toMatchObject({ notes: [], why: null });
  });

  it.each([
    ['truncated', () => truncateSync(path, 0)],
    ['truncated, and has grown again', () => writeFileSync(path, line(50, 'news').repeat(10_000))],
    ['cut at its beginning', () => writeFileSync(path, line(40, 'rest').repeat(3000))],
  ])('says that something may be missing if the log was %s', async (_, happens) => {
    await writeFile(path, line(1, 'one').repeat(5000));
    const { summary } = await findWhile(forPattern('INFO'), happens);
    expect(summary?.why).toBe('the log was cut while it was searched: some of it may be missing here');
  });

  it('says nothing of the kind of a log that only grew', async () => {
    await writeFile(path, line(1, 'one').repeat(5000));
    const { summary } = await findWhile(forPattern('INFO'), () => writeFileSync(path, line(2, 'two'), { flag: 'a' }));
    expect(summary).toMatchObject({ why: null, notes: [] });
  });

  it('names archives that are none', async () => {
    await mkdir(join(folder, 'archive/2024/10/zeoclient1.1-11-16-20-00-event.log'), { recursive: true });
    await writeFile(path, line(1, 'one'));
    let summary: LogSummary | null = null;
    for await (const part of search(targetOf(path, { archiveDir: join(folder, 'archive') }), EVERYWHERE, signal))
      if (part.type === 'summary') ({ summary } = part);
    expect(summary).toMatchObject({ hits: 1, why: null, notes: [expect.stringMatching(/^not searched: .*event\.log is not a file$/)] });
  });
});

it('what a log says since the last start is searched for again if the log is cut meanwhile', async () => {
  const ready = '2024-10-11 16:10:00 INFO [Zope:42][MainThread] Ready to handle requests\n';
  await writeFile(path, `${ready}2024-10-11 16:11:00 ERROR MemoryError\n`);
  let times = 0;
  const cutOnce: LogSearch = async function* (target, query, stop) {
    times += 1;
    for await (const part of search(target, query, stop)) {
      if (times === 1 && part.type === 'entries') {
        copyFileSync(path, `${path}.1`);
        writeFileSync(path, '2024-10-11 16:12:00 ERROR MemoryError\n');
      }
      yield part;
    }
  };
  const report = await createSinceStart(cutOnce)(targetOf(path), signal);
  expect(times).toBe(2);
  expect(report).toMatchObject({ ok: true, findings: 2, since: '2024-10-11 16:10:00' });
});
