import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createRecordFolder, type RecordFolder } from '../../../agent/record-folder.js';

interface Work {
  readonly on: string;
}

let parent = '';
let folder = '';
let records: RecordFolder<Work>;
beforeEach(async () => {
  parent = await mkdtemp(join(tmpdir(), 'records-'));
  folder = join(parent, 'work');
  records = createRecordFolder<Work>(folder, {
    isRecord: (value): value is Work => typeof value === 'object' && value !== null && 'on' in value,
    what: (key) => `the work on ${key}`,
    hint: 'look at it',
  });
});
afterEach(() => rm(parent, { recursive: true, force: true }));

it('what was written is read by its key, and listed, until it is removed', async () => {
  expect(await records.read('/a/b')).toBeNull();
  expect(await records.list()).toEqual([]);
  await records.write('/a/b', { on: 'one' });
  await records.write('/a/b', { on: 'two' });
  await records.write('../c', { on: 'three' });
  expect(await records.read('/a/b')).toEqual({ on: 'two' });
  expect((await records.list()).map(({ on }) => on).sort()).toEqual(['three', 'two']);
  await records.remove('/a/b');
  await records.remove('/a/b');
  expect(await records.list()).toEqual([{ on: 'three' }]);
  expect(await readdir(parent)).toEqual(['work']);
});

it('of several that add the same one does, and it stays', async () => {
  const added = await Promise.all(['one', 'two', 'three'].map((on) => records.add('a', { on }).then((first) => (first ? on : null))));
  const [first, ...others] = added.filter((on) => on !== null);
  expect(others).toEqual([]);
  expect(await records.list()).toEqual([{ on: first }]);
  expect(await readdir(folder)).toHaveLength(1);
});

it('what a killed process left half written is no record', async () => {
  await records.write('a', { on: 'one' });
  const [name = ''] = await readdir(folder);
  await writeFile(join(folder, `.${name}.1.0.tmp`), '{"on');
  await writeFile(join(folder, `${name}.1.new`), '{"on');
  expect(await records.list()).toEqual([{ on: 'one' }]);
});

it.each(['{"on', '{}', 'null'])('a damaged one is an error, never none: %s', async (text) => {
  await mkdir(folder);
  await writeFile(join(folder, 'x.json'), text);
  await expect(records.list()).rejects.toMatchObject({
    code: 'failed',
    message: `${join(folder, 'x.json')} is damaged`,
    hint: 'look at it',
  });
});

it('one that cannot be written down is an error that says of what', async () => {
  await writeFile(folder, 'no folder');
  const failed = { code: 'failed', hint: 'see state_dir in agent.ini' };
  const message = expect.stringMatching(/^the work on a cannot be written down: EEXIST/) as string;
  await expect(records.write('a', { on: 'x' })).rejects.toMatchObject({ ...failed, message });
  await expect(records.add('a', { on: 'x' })).rejects.toMatchObject({ ...failed, message });
});
