import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';

const ROOT = new URL('../../../', import.meta.url);
const text = await readFile(new URL('SECURITY.md', ROOT), 'utf8');

/** Each promise with the tests that show it: `path`: "a part of a title" · "another". */
const promises = text
  .split('\n')
  .filter((line) => line.startsWith('|') && line.includes('`test/'))
  .map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  )
  .flatMap(([, promise = '', shown = '']) =>
    shown.split(/ · (?=`)/).flatMap((group) => {
      const [, file = '', titles = ''] = /^`(test\/[^`]+)`: (.*)$/.exec(group) ?? [];
      return [...titles.matchAll(/"([^"]+)"/g)].map(([, title = '']) => ({ promise, file, title }));
    }),
  );

it('names a test for each of its promises', () => {
  expect(promises.length).toBeGreaterThan(25);
  expect(promises.filter(({ file }) => file === '')).toEqual([]);
});

it.each(promises)('$promise: $title', async ({ file, title }) => {
  expect(await readFile(new URL(file, ROOT), 'utf8')).toContain(title);
});
