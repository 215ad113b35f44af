import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { EVERYWHERE, forPattern, searchFor, targetOf } from '../../../support/log-searches.js';

let folder = '';
let path = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'long-'));
  path = join(folder, 'event.log');
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const find = (query: Parameters<typeof searchFor>[0]) => searchFor(query, targetOf(path));
const at = (minute: number) => new Date(2024, 9, 11, 16, minute).getTime();

const FRAMES = '  File "recurse.py", line 3, in recurse\n    return recurse(n + 1)\n'.repeat(9000);
/** As two functions that call each other leave it: far more than an entry may be long. */
const RECURSION = [
  '2024-10-11 16:00:00 INFO before',
  `2024-10-11 16:01:00 ERROR boom\nTraceback (most recent call last):\n${FRAMES}RecursionError: maximum recursion depth exceeded`,
  '2024-10-11 16:02:00 INFO after',
  '',
].join('\n');

describe('an entry that is longer than what is shown of it', () => {
  describe.each([
    ['the log', () => writeFile(path, RECURSION)],
    [
      'an archive',
      async () => {
        await writeFile(`${path}.1.gz`, gzipSync(RECURSION));
        await writeFile(path, '');
      },
    ],
  ])('in %s', (_, prepare) => {
    const all = { kind: 'all', archives: true } as const;
    beforeEach(prepare);

    it.each([
      ['anywhere', { range: all }],
      ['from its level on', { range: all, level: 'ERROR' as const }],
      ['in its minute', { range: { kind: 'between' as const, since: at(1), until: at(2) } }],
    ])('is found by its last line, with its time and its level: %s', async (__, more) => {
      const { entries, summary } = await find(forPattern('^RecursionError', more));
      expect(entries).toEqual([expect.objectContaining({ time: at(1), level: 'ERROR', matching: 1 })]);
      expect(entries[0]?.text).toMatch(/return recurse\(n \+ 1\)\nRecursionError: maximum recursion depth exceeded$/);
      expect(summary.matchingLines).toBe(1);
    });

    it('is one entry of the statistics', async () => {
      const { summary } = await find({ ...EVERYWHERE, range: all, output: 'stats' });
      expect(summary.stats).toMatchObject({
        entries: 3,
        levels: [
          { level: 'INFO', entries: 2 },
          { level: 'ERROR', entries: 1 },
        ],
      });
    });
  });

  it('is not taken for the one before it, nor for the one behind it', async () => {
    await writeFile(path, RECURSION);
    const { entries } = await find(forPattern('return recurse|INFO', { range: { kind: 'all', archives: false } }));
    expect(entries.map(({ level }) => level).filter((level, n, all) => level !== all[n - 1])).toEqual(['INFO', 'ERROR', 'INFO']);
    expect(entries.reduce((sum, { matching }) => sum + matching, 0)).toBe(9002);
  });
});

describe('NUL bytes before an entry', () => {
  const BOOM = '2024-10-11 16:01:00 ERROR boom\nTraceback\nKeyError: needle\n2024-10-11 16:02:00 INFO next\n';
  const more = '2024-10-11 16:03:00 INFO more\n'.repeat(20_000);

  it.each([
    ['where a log was cut under a writer that does not append', Buffer.concat([Buffer.alloc(300_000), Buffer.from(BOOM + more)])],
    ['where the power failed', Buffer.concat([Buffer.from('2024-10-11 16:00:00 INFO x\n'), Buffer.alloc(3000), Buffer.from(BOOM + more)])],
  ])('are no part of it: %s', async (_, bytes) => {
    await writeFile(path, bytes);
    const { entries } = await find(forPattern('needle'));
    expect(entries).toMatchObject([
      { time: at(1), level: 'ERROR', lines: 3, text: '2024-10-11 16:01:00 ERROR boom\nTraceback\nKeyError: needle' },
    ]);
  });
});
