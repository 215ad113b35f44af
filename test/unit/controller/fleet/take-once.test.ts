import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openTakeOnce } from '../../../../controller/fleet/take-once.js';
import { anEvent } from '../../../support/agent-events.js';

let folder = '';
let path = '';
let taken: string[] = [];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'once-'));
  path = join(folder, 'taken.jsonl');
  taken = [];
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const keep = async (host: string, events: readonly { readonly id: string }[]) =>
  void taken.push(...events.map(({ id }) => `${host} ${id}`));

describe('events that are told again', () => {
  it('are handed on once, also when they are told by two at a time, and of each host', async () => {
    const once = await openTakeOnce(path, keep);
    await Promise.all([once.take('web1', [anEvent('a'), anEvent('b')]), once.take('web1', [anEvent('a'), anEvent('c')])]);
    await once.take('web2', [anEvent('a')]);
    expect(taken).toEqual(['web1 a', 'web1 b', 'web1 c', 'web2 a']);
    await once.close();
  });

  it('are handed on once over a restart', async () => {
    const before = await openTakeOnce(path, keep);
    await before.take('web1', [anEvent('a\n"b')]);
    await before.close();
    const after = await openTakeOnce(path, keep);
    await after.take('web1', [anEvent('a\n"b'), anEvent('c')]);
    expect(taken).toEqual(['web1 a\n"b', 'web1 c']);
    await after.close();
  });

  it('are handed on again when they could not be taken', async () => {
    let full = true;
    const once = await openTakeOnce(path, async (host, events) => {
      if (full) throw new Error('disk full');
      await keep(host, events);
    });
    await expect(once.take('web1', [anEvent('a')])).rejects.toThrow('disk full');
    full = false;
    await once.take('web1', [anEvent('a')]);
    expect(taken).toEqual(['web1 a']);
    await once.close();
  });

  it('are known for a while only: the file does not grow for ever', async () => {
    const once = await openTakeOnce(path, keep, 3);
    for (let n = 0; n < 50; n++) await once.take('web1', [anEvent(String(n))]);
    await once.take('web1', [anEvent('48'), anEvent('0')]);
    expect(taken.slice(50)).toEqual(['web1 0']);
    await once.close();
    expect((await readFile(path, 'utf8')).split('\n').length).toBeLessThan(9);
  });
});
