import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { AppError } from '../../../../shared/errors.js';
import type { LogQuery } from '../../../../shared/model/log-search.js';
import { EVERYWHERE, forPattern, searchFor, targetOf, WAYS } from '../../../support/log-searches.js';
import { runs } from '../../../support/runs.js';

let folder = '';
let path = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'search-'));
  path = join(folder, 'event.log');
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const run = promisify(execFile);
const write = (...lines: readonly string[]) => writeFile(path, lines.map((line) => `${line}\n`).join(''));
let fewBytes = 0;
const find = async (query: LogQuery, more: object = {}) => searchFor(query, targetOf(path, more), { fewBytes });
const texts = async (query: LogQuery, more: object = {}) => (await find(query, more)).entries.map(({ text }) => text);
/** False: this host has no zstd, and cannot unpack it either. */
const hasZstd = await run('zstd', ['--version']).then(
  () => true,
  () => false,
);
const packByZstd = async (text: string): Promise<void> => {
  await writeFile(`${path}.1`, text);
  await run('zstd', ['--rm', '--quiet', `${path}.1`]);
};
const READY_LINE = (minute: number) => `2024-10-11 16:${minute}:00 INFO [Zope:42][MainThread] Ready to handle requests`;

describe.each(WAYS)('searching since the last start (%s)', (_, few) => {
  beforeEach(() => void (fewBytes = few));

  const sinceStart = forPattern('ERROR', { range: { kind: 'since-start' } });

  it('leaves out what was before', async () => {
    await write('2024-10-11 15:00:00 ERROR old', READY_LINE(10), '2024-10-11 16:11:00 ERROR new');
    const { entries, summary } = await find(sinceStart);
    expect(entries.map(({ text }) => text)).toEqual(['2024-10-11 16:11:00 ERROR new']);
    expect(summary.since).toBe('2024-10-11 16:10:00');
  });

  it.each([
    ['beside the log', async (text: string) => writeFile(`${path}.1`, text)],
    ['packed by gzip', async (text: string) => writeFile(`${path}.1.gz`, gzipSync(text))],
    ['packed by zstd', packByZstd],
    [
      'below archivedir',
      async (text: string) => {
        const file = join(folder, 'archive/2024/10/zeoclient1.1-11-16-20-00-event.log');
        await mkdir(dirname(file), { recursive: true });
        await writeFile(file, text);
      },
    ],
  ])('goes on into the archive that a rotation took the start to: %s', async (how, archive) => {
    if (how === 'packed by zstd' && !hasZstd) return;
    await archive(`2024-10-11 15:00:00 ERROR old\n${READY_LINE(10)}\n2024-10-11 16:11:00 ERROR rotated\n`);
    await write('2024-10-11 16:30:00 ERROR new');
    const { entries, summary } = await find(sinceStart, { archiveDir: join(folder, 'archive') });
    expect(entries.map(({ text }) => text)).toEqual(['2024-10-11 16:11:00 ERROR rotated', '2024-10-11 16:30:00 ERROR new']);
    expect(summary).toMatchObject({ since: '2024-10-11 16:10:00', notes: [], hits: 2 });
  });

  it('searches a large log without a start from its beginning', async () => {
    const line = `2024-10-11 15:00:00 INFO ${'x'.repeat(1000)}\n`;
    await writeFile(path, '2024-10-11 14:00:00 ERROR first\n');
    for (let n = 0; n < 70; n++) await writeFile(path, line.repeat(1000), { flag: 'a' });
    expect(await texts(sinceStart)).toEqual(['2024-10-11 14:00:00 ERROR first']);
  });

  it('goes back over archives in which nothing was started', async () => {
    await writeFile(`${path}.2`, `${READY_LINE(10)}\n2024-10-11 16:11:00 ERROR one\n`);
    await utimes(`${path}.2`, 1000, 1000);
    await writeFile(`${path}.1`, '2024-10-11 16:20:00 ERROR two\n');
    await utimes(`${path}.1`, 2000, 2000);
    await write('2024-10-11 16:30:00 ERROR three');
    expect((await texts(sinceStart)).map((text) => text.split(' ').at(-1))).toEqual(['one', 'two', 'three']);
  });

  it('searches all of the log, and says so, if there is no start anywhere', async () => {
    await writeFile(`${path}.1`, '2024-10-11 16:20:00 ERROR rotated\n');
    await write('2024-10-11 16:30:00 ERROR new');
    const { entries, summary } = await find(sinceStart);
    expect(entries).toHaveLength(1);
    expect(summary.notes).toEqual(['no start marker anywhere: all of the log was searched']);
  });

  it('reads no archive that agent.ini does not allow, also behind a link', async () => {
    const secret = join(folder, 'secret');
    await writeFile(secret, `${READY_LINE(10)}\n2024-10-11 16:11:00 ERROR secret\n`);
    await symlink(secret, `${path}.1`);
    await write('2024-10-11 16:30:00 ERROR new');
    const allowed = async (one: string) => {
      if (one === `${path}.1`) throw new AppError('denied', `${one} leads to ${secret}: agent.ini does not allow the path ${secret}`);
      return one;
    };
    const { entries, summary } = await find(sinceStart, { allowed });
    expect(entries.map(({ text }) => text)).toEqual(['2024-10-11 16:30:00 ERROR new']);
    expect(summary.notes[0]).toBe(`not searched: ${path}.1 leads to ${secret}: agent.ini does not allow the path ${secret}`);
  });
});

describe.each(WAYS)('searching archives and ranges of time (%s)', (_, few) => {
  beforeEach(() => void (fewBytes = few));

  it('searches all that was rotated away, the oldest first', async () => {
    await writeFile(`${path}-20241010.gz`, gzipSync('2024-10-10 16:00:00 INFO oldest\n'));
    await utimes(`${path}-20241010.gz`, 1000, 1000);
    await writeFile(`${path}.1`, '2024-10-11 15:00:00 INFO old\n');
    await write('2024-10-11 16:00:00 INFO new');
    await writeFile(join(folder, 'event.log.gz.part'), 'INFO no archive\n');
    const range = { kind: 'all', archives: true } as const;
    expect((await texts(forPattern('INFO', { range }))).map((text) => text.split(' ').at(-1))).toEqual(['oldest', 'old', 'new']);
    expect((await find(forPattern('INFO', { range, output: 'count' }))).summary.matchingLines).toBe(3);
  });

  it('goes on after an archive that cannot be read', async () => {
    await writeFile(`${path}.1.gz`, 'not packed at all');
    await write('2024-10-11 16:00:00 INFO new');
    const { entries, summary } = await find(forPattern('INFO', { range: { kind: 'all', archives: true } }));
    expect(entries).toHaveLength(1);
    expect(summary.notes).toEqual([`not searched to its end: ${path}.1.gz: incorrect header check`]);
  });

  const at = (minute: number) => new Date(2024, 9, 11, 16, minute).getTime();

  it('finds what was written between two times, and goes into archives where the log begins later', async () => {
    await writeFile(`${path}.1`, '2024-10-11 16:05:00 INFO five\n2024-10-11 16:10:00 INFO ten\n');
    await write('2024-10-11 16:15:00 INFO fifteen', '  more', '2024-10-11 16:20:00 INFO twenty');
    const words = async (since: number | null, until: number | null) =>
      (await texts({ ...EVERYWHERE, range: { kind: 'between', since, until } })).map((text) => /INFO (\w+)/.exec(text)?.[1]);
    expect(await words(at(10), null)).toEqual(['ten', 'fifteen', 'twenty']);
    expect(await words(at(10), at(20))).toEqual(['ten', 'fifteen']);
    expect(await words(null, at(6))).toEqual(['five']);
    expect(await words(at(16), null)).toEqual(['twenty']);
    expect(await words(at(30), null)).toEqual([]);
  });

  it('finds by bisection what a reader of all entries finds', async () => {
    const minutes = fc.array(fc.nat({ max: 50_000 }), { minLength: 1, maxLength: 400 });
    await fc.assert(
      fc.asyncProperty(minutes, fc.nat({ max: 50_000 }), fc.nat({ max: 50_000 }), async (offsets, a, b) => {
        const start = new Date(2024, 0, 1).getTime();
        const times = [...offsets].sort((x, y) => x - y).map((minute) => start + minute * 60_000);
        const two = (n: number) => String(n).padStart(2, '0');
        const stamp = (time: number) => {
          const date = new Date(time);
          const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
          return `${day} ${two(date.getHours())}:${two(date.getMinutes())}:00`;
        };
        await write(...times.map((time, n) => `${stamp(time)} INFO line ${n}\n${'more '.repeat(300)}`));
        const [since, until] = [start + Math.min(a, b) * 60_000, start + Math.max(a, b) * 60_000];
        const found = await find(forPattern('line', { range: { kind: 'between', since, until } }));
        expect(found.entries.map(({ time }) => time)).toEqual(times.filter((time) => time >= since && time < until));
      }),
      { numRuns: runs(40) },
    );
  });
});
