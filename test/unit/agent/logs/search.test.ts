import { execFile } from 'node:child_process';
import { mkdtemp, open, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
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

const LOG = [
  '2024-10-11 16:00:00 INFO [x] one',
  '2024-10-11 16:01:00 ERROR [x] two',
  'Traceback (most recent call last):',
  'KeyError: two',
  '2024-10-11 16:02:00 WARNING [x] three',
  '2024-10-11 16:03:00 CRITICA [x] four two',
  '2024-10-11 16:04:00 INFO [x] five',
];

describe.each(WAYS)('searching a log (%s)', (_, few) => {
  beforeEach(() => void (fewBytes = few));

  it('finds whole entries, each once, and counts their lines as grep does', async () => {
    await write(...LOG);
    const { entries, summary } = await find(forPattern('two'));
    expect(entries).toEqual([
      {
        kind: 'hit',
        time: new Date(2024, 9, 11, 16, 1).getTime(),
        level: 'ERROR',
        offset: LOG[0]?.length === undefined ? 0 : LOG[0].length + 1,
        lines: 3,
        matching: 2,
        text: LOG.slice(1, 4).join('\n'),
        file: path,
      },
      expect.objectContaining({ level: 'CRITICAL', lines: 1, matching: 1, text: LOG[5] }),
    ]);
    expect(summary).toEqual({
      ...{ hits: 2, matchingLines: 3, scannedBytes: LOG.join('\n').length + 1 },
      ...{ since: null, omitted: 0, notes: [], why: null, stats: null },
    });
  });

  it.each([
    ['ERROR', ['ERROR', 'CRITICAL']],
    ['WARNING', ['ERROR', 'WARNING', 'CRITICAL']],
  ] as const)('leaves out what is below the level %s', async (level, levels) => {
    await write(...LOG);
    expect((await find({ ...EVERYWHERE, level })).entries.map((entry) => entry.level)).toEqual(levels);
    expect((await find(forPattern('.', { level }))).entries.map((entry) => entry.level)).toEqual(levels);
  });

  it('shows what stands beside a hit, and nothing twice', async () => {
    await write(...LOG);
    const { entries, summary } = await find(forPattern('three|four', { context: 1 }));
    expect(entries.map(({ kind, text }) => [kind, text.slice(20, 35)])).toEqual([
      ['context', 'ERROR [x] two\nT'],
      ['hit', 'WARNING [x] thr'],
      ['hit', 'CRITICA [x] fou'],
      ['context', 'INFO [x] five'],
    ]);
    expect(summary.hits).toBe(2);
    const same = await find(
      forPattern('x+ ?three|(four)+', { context: 1, what: { kind: 'pattern', pattern: '(THREE|FOUR)+', ignoreCase: true } }),
    );
    expect(same.entries.map(({ text }) => text)).toEqual(entries.map(({ text }) => text));
  });

  it('sends only so many hits, and counts the others', async () => {
    await write(...LOG);
    const { entries, summary } = await find(forPattern('x', { max: 2 }));
    expect([entries.length, summary.hits, summary.omitted]).toEqual([2, 5, 3]);
  });

  it('sends only the last hits', async () => {
    await write(...LOG);
    expect(await texts(forPattern('INFO', { tail: 1 }))).toEqual([LOG[6]]);
    expect(await texts({ ...EVERYWHERE, tail: 2 })).toEqual([LOG[5], LOG[6]]);
    expect(await texts(forPattern('INFO', { tail: 1, context: 1 }))).toEqual([LOG[5], LOG[6]]);
  });

  it('only counts lines where only their number is wanted', async () => {
    await write(...LOG);
    expect((await find(forPattern('two', { output: 'count' }))).summary).toMatchObject({ hits: null, matchingLines: 3 });
    expect((await find(forPattern('two', { output: 'count', level: 'CRITICAL' }))).summary).toMatchObject({ hits: 1, matchingLines: 1 });
  });

  it('takes each line of a log without time stamps for an entry', async () => {
    await write('one', 'two', 'one two');
    expect(await texts(forPattern('two'))).toEqual(['two', 'one two']);
    expect(await texts({ ...EVERYWHERE, tail: 2 })).toEqual(['two', 'one two']);
  });

  it('finds what is critical, without what is to be ignored', async () => {
    await write('2024-10-11 16:00:00 ERROR MemoryError', '2024-10-11 16:00:01 ERROR MemoryError', 'harmless');
    const critical: LogQuery = { ...EVERYWHERE, what: { kind: 'critical' } };
    expect(await texts(critical, { ignorePattern: 'harm' })).toEqual(['2024-10-11 16:00:00 ERROR MemoryError']);
    // What ripgrep cannot take is searched for all the same.
    expect(await texts(critical, { criticalPattern: 'Memory(?=Error)' })).toHaveLength(2);
    expect((await find(critical, { criticalPattern: '' })).summary).toMatchObject({
      hits: 0,
      notes: ['no critical_errors: there is nothing to look for'],
    });
  });

  it('refuses a pattern that is none', async () => {
    await write(...LOG);
    await expect(find(forPattern('(two'))).rejects.toMatchObject({ code: 'usage' });
  });

  it('says why a log cannot be searched', async () => {
    const { summary } = await find(forPattern('x'));
    expect(summary).toMatchObject({ hits: 0, why: `ENOENT: no such file or directory, open '${path}'` });
  });

  it('ends when nobody waits any more', async () => {
    await write(...LOG);
    const abort = AbortSignal.abort(new AppError('cancelled', 'enough'));
    await expect(searchFor(forPattern('two'), targetOf(path), { signal: abort, fewBytes })).rejects.toMatchObject({ code: 'cancelled' });
  });

  it('finds an answer to a pattern that goes back and forth', async () => {
    const lines = [`2024-10-11 16:00:00 INFO ${'a'.repeat(40_000)}!`, '2024-10-11 16:00:01 INFO aaa'];
    await write(...lines);
    await writeFile(`${path}.1.gz`, gzipSync(`${lines.join('\n')}\n`));
    const range = { kind: 'all', archives: true } as const;
    expect(await texts(forPattern('(a+)+$', { range }))).toEqual([lines[1], lines[1]]);
    const sinceStart = forPattern('aaa', { range: { kind: 'since-start' } });
    expect(await texts(sinceStart, { readyPattern: '(?:(a+)+)$' })).toEqual([lines[1]]);
  });

  it.each([
    ['ignore_errors', { criticalPattern: 'a', ignorePattern: '(a+)+$' }],
    ['critical_errors that ripgrep does not understand', { criticalPattern: '(?=(a+)+$)b' }],
    ['ready_pattern that ripgrep does not understand', { readyPattern: '(?=x)?(a+)+$' }],
  ])('gives up on %s that goes back and forth, and says why', async (_, spec) => {
    await write(`2024-10-11 16:00:00 INFO ${'a'.repeat(60)}!`);
    const range = 'readyPattern' in spec ? ({ kind: 'since-start' } as const) : EVERYWHERE.range;
    const { summary } = await find({ ...EVERYWHERE, what: { kind: 'critical' }, range }, spec);
    const pattern = Object.values(spec).at(-1);
    expect(summary).toMatchObject({ why: `the pattern ${pattern} takes too long on a line` });
  });

  it('is not hurt by a line of 100 MB', async () => {
    const file = await open(path, 'w');
    await file.write('2024-10-11 16:00:00 INFO before\n2024-10-11 16:00:01 INFO ');
    for (let n = 0; n < 100; n++) await file.write(Buffer.alloc(1024 * 1024, 'x'));
    await file.write(' needle\n2024-10-11 16:00:02 INFO needle after\n');
    await file.close();
    const { entries, summary } = await find(forPattern('needle', { context: 1 }));
    expect(entries.filter(({ kind }) => kind === 'hit').map(({ text }) => [text.length < 70_000, text.slice(0, 31)])).toEqual([
      [true, `2024-10-11 16:00:01 INFO ${'x'.repeat(6)}`],
      [true, '2024-10-11 16:00:02 INFO needle'],
    ]);
    expect(summary.matchingLines).toBe(2);
  });

  it('sees what stands behind the hole of a truncated log, however large it is', async () => {
    await truncate(path, 0).catch(() => writeFile(path, ''));
    await truncate(path, 20 * 1024 ** 2);
    await writeFile(path, '\n2024-10-11 16:00:00 INFO needle\n', { flag: 'a' });
    expect(await texts(forPattern('needle'))).toEqual(['2024-10-11 16:00:00 INFO needle']);
    expect((await find(forPattern('needle', { output: 'count' }))).summary.matchingLines).toBe(1);
  });

  it('counts the lines that grep counts, and finds them in whole entries, in any log', async () => {
    const line = fc.constantFrom(...LOG, '', 'two', '  two', '------', 'needle');
    const pattern = fc.constantFrom('two', 'needle|three', '^ +two', '[xX]. two', 'two$', 'e+');
    await fc.assert(
      fc.asyncProperty(fc.array(line, { maxLength: 40 }), pattern, fc.boolean(), async (lines, wanted, ended) => {
        await writeFile(path, lines.join('\n') + (ended ? '\n' : ''));
        const counted = await run('grep', ['-cE', '-e', wanted, path], { env: { LC_ALL: 'C' } }).then(
          ({ stdout }) => Number(stdout),
          () => 0,
        );
        const { entries, summary } = await find(forPattern(wanted));
        expect(summary.matchingLines).toBe(counted);
        expect((await find(forPattern(wanted, { output: 'count' }))).summary.matchingLines).toBe(counted);
        expect(entries.reduce((sum, { matching }) => sum + matching, 0)).toBe(counted);
        // The same by reading all of it.
        const { criticalPattern, what } = { criticalPattern: `(?:${wanted})(?!\\0)`, what: { kind: 'critical' as const } };
        expect((await find({ ...EVERYWHERE, what }, { criticalPattern })).entries).toEqual(entries);
      }),
      { numRuns: runs(60) },
    );
  });
});

describe('the statistics of a log', () => {
  it('sum up entries by level, and messages that differ only in numbers and ids, those of errors first', async () => {
    await write(
      '2024-10-11 16:00:00 WARNING [waitress.queue:117] Task queue depth is 3',
      '2024-10-11 16:01:00 WARNING [waitress.queue:117] Task queue depth is 14',
      '2024-10-11 16:02:00 ERROR [x] 1726.55 http://localhost/doc7',
      'Traceback (most recent call last):',
      "KeyError: 'a1b2c3d4e5f6'",
      '2024-10-11 16:03:00 INFO [x] fine',
    );
    const { summary } = await find({ ...EVERYWHERE, output: 'stats' });
    const at = (minute: number) => new Date(2024, 9, 11, 16, minute).getTime();
    expect(summary.stats).toEqual({
      entries: 4,
      first: at(0),
      last: at(3),
      levels: [
        { level: 'WARNING', entries: 2 },
        { level: 'ERROR', entries: 1 },
        { level: 'INFO', entries: 1 },
      ],
      messages: [
        { text: "[x] N http://localhost/docN … KeyError: 'ID'", level: 'ERROR', entries: 1, first: at(2), last: at(2) },
        { text: '[waitress.queue:N] Task queue depth is N', level: 'WARNING', entries: 2, first: at(0), last: at(1) },
        { text: '[x] fine', level: 'INFO', entries: 1, first: at(3), last: at(3) },
      ],
    });
  });
});

describe('a line that is very long', () => {
  it('is searched to its end, also in a small log', async () => {
    await write('2024-10-11 16:00:00 INFO [x] one', `2024-10-11 16:01:00 INFO [x] ${'y'.repeat(100_000)} two`);
    expect((await searchFor(forPattern('two'), targetOf(path))).summary).toMatchObject({ hits: 1, matchingLines: 1 });
  });
});
