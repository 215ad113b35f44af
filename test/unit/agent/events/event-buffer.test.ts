import { appendFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openEventBuffer } from '../../../../agent/events/event-buffer.js';
import { anEvent } from '../../../support/agent-events.js';

let folder = '';
const file = () => join(folder, 'events.jsonl');
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'events-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const idsOf = (events: readonly { readonly id: string }[]) => events.map(({ id }) => id);

describe('the events that wait for the controller', () => {
  it('are the same after a restart, oldest first, without those that were taken', async () => {
    const before = await openEventBuffer(folder);
    for (const id of ['a', 'b', 'c']) await before.add(anEvent(id));
    await before.add({ ...anEvent('d'), kind: 'died', process: '42@777' as never, why: 'killed' });
    await before.forget(['b', 'never seen']);
    await before.close();
    const after = await openEventBuffer(folder);
    expect(after.oldest(2)).toEqual([anEvent('a'), anEvent('c')]);
    expect(idsOf(after.oldest(10))).toEqual(['a', 'c', 'd']);
    await after.close();
  });

  it('take an id that waits already once', async () => {
    const buffer = await openEventBuffer(folder);
    await buffer.add(anEvent('a'));
    await buffer.add(anEvent('a'));
    expect(idsOf(buffer.oldest(10))).toEqual(['a']);
    await buffer.close();
  });

  it('are bounded: the oldest go, and the next of the same service says how many', async () => {
    const buffer = await openEventBuffer(folder, { most: 3 });
    for (const id of ['a1', 'b1', 'a2', 'a3', 'a4', 'a5']) await buffer.add(anEvent(id, id[0]));
    const expected = [
      ['a3', 2],
      ['a4', undefined],
      ['a5', undefined],
    ];
    expect(buffer.oldest(10).map(({ id, omitted }) => [id, omitted])).toEqual(expected);
    await buffer.close();
    const again = await openEventBuffer(folder, { most: 3 });
    expect(again.oldest(10).map(({ id, omitted }) => [id, omitted])).toEqual(expected);
    await again.add(anEvent('b2', 'b'));
    expect(again.oldest(10).at(-1)).toMatchObject({ id: 'b2', omitted: 1 });
    await again.close();
  });

  it('take no more memory than they may, and one is kept whatever its size', async () => {
    const buffer = await openEventBuffer(folder, { mostBytes: 1000 });
    await buffer.add(anEvent('a', 'zope', 'x'.repeat(100)));
    await buffer.add(anEvent('b', 'zope', 'x'.repeat(8000)));
    expect(buffer.oldest(10)).toMatchObject([{ id: 'b', omitted: 1 }]);
    await buffer.close();
  });

  it('leave a file that does not grow for ever', async () => {
    const buffer = await openEventBuffer(folder, { most: 2 });
    for (let n = 0; n < 50; n++) {
      await buffer.add(anEvent(String(n)));
      await buffer.forget([String(n)]);
    }
    await buffer.close();
    expect((await readFile(file(), 'utf8')).split('\n').length).toBeLessThan(8);
  });

  it('lose what was being written in a crash, and nothing else', async () => {
    const before = await openEventBuffer(folder);
    await before.add(anEvent('a'));
    await before.close();
    await appendFile(file(), '{"event":{"id":"b"');
    const after = await openEventBuffer(folder);
    await after.add(anEvent('c'));
    await after.close();
    const last = await openEventBuffer(folder);
    expect(idsOf(last.oldest(10))).toEqual(['a', 'c']);
    await last.close();
  });

  it.each(['no json', '{"event":{"id":"b"}}', '{"taken":[7]}', '{}'])('are not begun anew where the file is damaged: %s', async (line) => {
    await writeFile(file(), `${line}\n`);
    await expect(openEventBuffer(folder)).rejects.toMatchObject({
      code: 'failed',
      message: `${file()}:1 is damaged`,
      hint: `move ${file()} away: the controller is then not told of what it holds`,
    });
  });
});
