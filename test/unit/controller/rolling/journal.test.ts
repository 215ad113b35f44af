import { appendFile, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { JournalEvent } from '../../../../controller/rolling/events.js';
import { openJournalStore, operationId, type JournalStore } from '../../../../controller/rolling/journal.js';
import { AppError } from '../../../../shared/errors.js';
import { aPlan, attached, entered, ID, started } from './fixtures.js';

let folder: string;
let store: JournalStore;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ctl-journal-'));
  store = await openJournalStore(folder);
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const EVENTS: readonly JournalEvent[] = [started(aPlan([['c1']])), attached(1), entered(2.5, 'c1', 'out', { detail: 'Käse' })];
const fileOf = (id = ID) => join(folder, 'operations', `${id}.jsonl`);

async function write(id: string, events: readonly JournalEvent[]): Promise<void> {
  const journal = await store.open(id);
  for (const event of events) await journal.append(event);
  await journal.close();
}
const errorOf = async (work: Promise<unknown>) => {
  const error: unknown = await work.catch((e: unknown) => e);
  if (!(error instanceof AppError)) throw new Error(`no AppError: ${String(error)}`);
  return { code: error.code, message: error.message, hint: error.hint };
};

describe('the id of an operation', () => {
  it('is its UTC time to the second, and four digits of chance', () => {
    const at = Date.UTC(2026, 0, 2, 3, 4, 5, 678.9);
    expect(operationId(at, 0)).toBe('20260102-030405-0000');
    expect(operationId(at, 0.999999999)).toBe('20260102-030405-ffff');
  });

  it('is one that a journal can be opened by', async () => {
    await write(operationId(Date.UTC(2026, 0, 2), 0.5), EVENTS);
    expect(await store.list()).toEqual(['20260102-000000-8000']);
  });
});

describe('a journal', () => {
  it('is read as it was written, by another controller as well', async () => {
    await write(ID, EVENTS);
    expect(await store.read(ID)).toEqual(EVENTS);
    expect(await (await openJournalStore(folder)).read(ID)).toEqual(EVENTS);
  });

  it('goes on where it was left', async () => {
    await write(ID, EVENTS.slice(0, 1));
    await write(ID, EVENTS.slice(1));
    expect(await store.read(ID)).toEqual(EVENTS);
  });

  it('may have a torn last line: it was never acted upon, and goes with the next one', async () => {
    await write(ID, EVENTS);
    const whole = await readFile(fileOf(), 'utf8');
    for (const torn of ['{"type":"entered","at":3,"mem', '{}', 'Kä'.slice(0, 1) + '\xc3']) {
      await writeFile(fileOf(), whole);
      await appendFile(fileOf(), Buffer.from(torn, 'latin1'));
      expect(await store.read(ID)).toEqual(EVENTS);
      await write(ID, [entered(4, 'c1', 'drain')]);
      expect(await store.read(ID)).toEqual([...EVENTS, entered(4, 'c1', 'drain')]);
    }
  });

  it.each([
    ['a line that is no JSON', 2, (lines: string[]) => (lines[1] = '{"type":"atta')],
    ['a line of zeros, as a file system leaves it after a power cut', 3, (lines: string[]) => (lines[2] = '\0'.repeat(40))],
    ['an empty line', 2, (lines: string[]) => (lines[1] = '')],
    ['JSON that is no event', 2, (lines: string[]) => (lines[1] = '["type"]')],
    ['an event of another version', 3, (lines: string[]) => (lines[2] = '{"type":"cloned","at":3}')],
    ['an event that every object inherits', 3, (lines: string[]) => (lines[2] = '{"type":"toString","at":3}')],
    ['no plan in the first line', 1, (lines: string[]) => lines.shift()],
    ['a second plan', 2, (lines: string[]) => (lines[1] = lines[0] ?? '')],
  ])('with %s is an error that names the place', async (_, line, damage) => {
    await write(ID, EVENTS);
    const lines = (await readFile(fileOf(), 'utf8')).split('\n');
    damage(lines);
    await writeFile(fileOf(), lines.join('\n'));
    expect(await errorOf(store.read(ID))).toEqual({
      code: 'failed',
      message: `${fileOf()}:${line}: the journal of an operation is damaged`,
      hint: 'look at the balancer with your own eyes, then move this file away to go on without it',
    });
  });

  it('whose first line never got to the disk is none: nothing was done for it', async () => {
    await write(ID, EVENTS);
    await writeFile(fileOf('20260101-000000-0002'), '');
    await writeFile(fileOf('20260101-000000-0003'), '{"type":"star');
    expect(await store.list()).toEqual([ID]);
    expect(await errorOf(store.read('20260101-000000-0003'))).toEqual({
      code: 'not-found',
      message: 'there is no operation 20260101-000000-0003',
      hint: 'ctl operations list shows their ids',
    });
  });
});

describe('the journals of all operations', () => {
  it('are listed oldest first; other files are none of them', async () => {
    for (const id of ['20260101-000000-000f', '20251231-235959-ffff', '20260101-000001-0000']) await write(id, EVENTS);
    for (const name of ['notes.jsonl', '20260101-000000-0009.jsonl.gz', '20260101-000000-0009'])
      await writeFile(join(folder, 'operations', name), 'x\n');
    expect(await store.list()).toEqual(['20251231-235959-ffff', '20260101-000000-000f', '20260101-000001-0000']);
  });

  it('are listed as they began, also within a second', async () => {
    const begunAt = (at: number): JournalEvent[] => [{ ...started(aPlan([['c1']])), at }];
    await write('20260101-000000-ffff', begunAt(100));
    await write('20260101-000000-0000', begunAt(200));
    await write('20260101-000001-0000', begunAt(50));
    expect(await store.list()).toEqual(['20260101-000000-ffff', '20260101-000000-0000', '20260101-000001-0000']);
  });

  it('are only reached by ids, never by paths', async () => {
    await writeFile(join(folder, 'secret.jsonl'), '{"type":"started"}\n');
    for (const id of ['../secret', '..', '', '/etc/passwd', `${ID}/../../secret`, `${ID}\n`, `${ID}\0`, '20260101-000000-000G', `x${ID}`]) {
      const expected = { code: 'not-found', message: `"${id}" is not an operation`, hint: 'ctl operations list shows their ids' };
      expect(await errorOf(store.read(id))).toEqual(expected);
      expect(await errorOf(store.open(id))).toEqual(expected);
    }
    expect(await readdir(join(folder, 'operations'))).toEqual([]);
  });

  it('say which one is not there', async () => {
    expect(await errorOf(store.read(ID))).toEqual({
      code: 'not-found',
      message: `there is no operation ${ID}`,
      hint: 'ctl operations list shows their ids',
    });
  });
});

describe('old journals', () => {
  const DAY = 86_400_000;
  const NOW = Date.UTC(2026, 6, 1);
  const idAt = (daysAgo: number, chance = 0) => operationId(NOW - daysAgo * DAY, chance);
  const ended = (daysAgo: number): JournalEvent[] => [
    started(aPlan([['c1']])),
    { type: 'finished', at: NOW - daysAgo * DAY, outcome: 'completed', why: null },
  ];
  const nobody = () => false;

  it('go after 90 days, counted from what was done last', async () => {
    await write(idAt(91), ended(91));
    await write(idAt(92), ended(0.5));
    await write(idAt(89), ended(89));
    expect(await store.prune(NOW, nobody)).toEqual([idAt(91)]);
    expect(await store.list()).toEqual([idAt(92), idAt(89)]);
  });

  it('go beyond the newest 200, but not those of the last day', async () => {
    for (let i = 0; i < 203; i++) await write(idAt(i === 0 ? 3 : 2, i / 300), ended(i < 2 ? 2 : 0.5));
    expect(await store.prune(NOW, nobody)).toEqual([idAt(2, 1 / 300), idAt(3)]);
    expect(await store.list()).toHaveLength(201);
  });

  it('stay as long as somebody needs them', async () => {
    await write(idAt(91), ended(91));
    expect(await store.prune(NOW, () => true)).toEqual([]);
  });

  it('are listed from a time on', async () => {
    for (const daysAgo of [3, 2, 1]) await write(idAt(daysAgo), ended(daysAgo));
    expect(await store.list(NOW - 2 * DAY)).toEqual([idAt(2), idAt(1)]);
  });
});
