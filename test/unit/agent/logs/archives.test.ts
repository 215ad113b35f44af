import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtemp, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { extname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { forPattern, searchFor, targetOf } from '../../../support/log-searches.js';

let folder = '';
let path = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'archives-'));
  path = join(folder, 'event.log');
  await writeFile(path, '2024-10-11 16:00:00 INFO new\n');
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const ALL = forPattern('INFO', { range: { kind: 'all', archives: true } });
const find = () => searchFor(ALL, targetOf(path));
const words = (entries: Awaited<ReturnType<typeof find>>['entries']) => entries.map(({ text }) => text.split(' ').at(-1));

const packedBy: Readonly<Record<string, (text: string) => Buffer>> = {
  '.gz': (text) => gzipSync(text),
  '.bz2': (text) => execFileSync('bzip2', ['--stdout'], { input: text }),
  '.xz': (text) => execFileSync('xz', ['--stdout'], { input: text }),
};
const unpackers: Readonly<Record<string, string>> = { '.bz2': 'bzip2', '.xz': 'xz' };

describe('the archives of a log', () => {
  it.for([
    ...['.2024-09-25', '.2024-09-25_16-00-00', '-2024-09-25.gz', '-20240925-1727222400', '.20240925T160000', '-20240925.1', '.0'],
    ...['.old', '.1.gz', '.3.bz2', '-20240925.xz'],
  ])('knows an archive by its name: event.log%s', async (suffix, { skip }) => {
    const program = unpackers[extname(suffix)] ?? 'true';
    if (spawnSync(program, ['--version']).error !== undefined) skip(`this host has no ${program}`);
    await writeFile(`${path}${suffix}`, packedBy[extname(suffix)]?.('2024-09-25 16:00:00 INFO old\n') ?? '2024-09-25 16:00:00 INFO old\n');
    const { entries, summary } = await find();
    expect(words(entries)).toEqual(['old', 'new']);
    expect(summary.notes).toEqual([]);
  });

  it.each(['.lock', '-journal', '.10.0.0.1', '.1.part', '2', '.1.gz.tmp'])('takes event.log%s for none', async (suffix) => {
    await writeFile(`${path}${suffix}`, '2024-09-25 16:00:00 INFO other\n');
    expect((await find()).entries).toHaveLength(1);
  });

  it('finds what is in an archive once while it is being packed', async () => {
    await writeFile(`${path}.1`, '2024-10-11 15:00:00 INFO old\n');
    await writeFile(`${path}.1.gz`, gzipSync('2024-10-11 15:00:00 INFO old\n').subarray(0, 12));
    await writeFile(`${path}.2`, '2024-10-10 15:00:00 INFO older\n');
    await writeFile(`${path}.2.gz`, gzipSync('2024-10-01 15:00:00 INFO another\n'));
    await utimes(`${path}.2.gz`, 1000, 1000);
    const { entries, summary } = await find();
    expect(words(entries).sort()).toEqual(['another', 'new', 'old', 'older']);
    expect(summary.notes).toEqual([]);
  });

  it('are searched for a time also where the log begins in the same second', async () => {
    await writeFile(`${path}.1`, '2024-10-11 16:00:00 INFO archived\n');
    const since = new Date(2024, 9, 11, 16).getTime();
    const { entries } = await searchFor(forPattern('INFO', { range: { kind: 'between', since, until: null } }), targetOf(path));
    expect(words(entries)).toEqual(['archived', 'new']);
  });
});
