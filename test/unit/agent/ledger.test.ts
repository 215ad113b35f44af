import { appendFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openLedger, type Ledger } from '../../../agent/ledger.js';
import { AppError } from '../../../shared/errors.js';

let folder = '';
let file = '';
let ledger: Ledger;
let performed: string[] = [];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ledger-'));
  file = join(folder, 'commands.jsonl');
  ledger = await openLedger(folder);
  performed = [];
});
afterEach(async () => {
  await ledger.close();
  await rm(folder, { recursive: true, force: true });
});

const perform = (what: string) => async () => {
  performed.push(what);
  return { what };
};
const reopen = async (options?: { keep: number }) => {
  await ledger.close();
  ledger = await openLedger(folder, options);
};

describe('ledger', () => {
  it('performs a command once and answers its result again', async () => {
    expect(await ledger.once('1', perform('a'))).toEqual({ what: 'a' });
    expect(await ledger.once('1', perform('b'))).toEqual({ what: 'a' });
    expect(performed).toEqual(['a']);
  });

  it('performs a command once that is asked for twice at the same time', async () => {
    expect(await Promise.all([ledger.once('1', perform('a')), ledger.once('1', perform('b'))])).toEqual([{ what: 'a' }, { what: 'a' }]);
    expect(performed).toEqual(['a']);
  });

  it('remembers results after a restart, also that there was none', async () => {
    await ledger.once('1', perform('a'));
    await ledger.once('2', () => Promise.resolve());
    await reopen();
    expect(await ledger.once('1', perform('b'))).toEqual({ what: 'a' });
    expect(await ledger.once('2', perform('b'))).toBeUndefined();
    expect(performed).toEqual(['a']);
  });

  it('answers the same error again, also after a restart', async () => {
    const error = new AppError('failed', 'it did not work', { hint: 'look at it' });
    await expect(ledger.once('1', () => Promise.reject(error))).rejects.toBe(error);
    await reopen();
    const again = ledger.once('1', perform('b'));
    await expect(again).rejects.toMatchObject({ code: 'failed', message: 'it did not work', hint: 'look at it' });
    expect(performed).toEqual([]);
  });

  it.each(['cancelled', 'timeout', 'unreachable'] as const)(
    'performs a command again that ended with %s: nobody knows what it did',
    async (code) => {
      await expect(ledger.once('1', () => Promise.reject(new AppError(code, 'no')))).rejects.toMatchObject({ code });
      expect(await ledger.once('1', perform('a'))).toEqual({ what: 'a' });
    },
  );

  it('performs a command again that had begun when the agent died', async () => {
    await ledger.close();
    await writeFile(file, '{"id":"1","state":"begun"}\n');
    ledger = await openLedger(folder);
    expect(await ledger.once('1', perform('a'))).toEqual({ what: 'a' });
  });

  it('notes that a command begins before it is performed', async () => {
    const seen = await ledger.once('1', () => readFile(file, 'utf8'));
    expect(seen).toBe('{"id":"1","state":"begun"}\n');
  });

  it('cuts a last line that was torn', async () => {
    await ledger.once('1', perform('a'));
    await appendFile(file, '{"id":"2","state":"do');
    await reopen();
    await ledger.once('3', perform('c'));
    await reopen();
    expect(await ledger.once('1', perform('b'))).toEqual({ what: 'a' });
    expect(performed).toEqual(['a', 'c']);
  });

  it.each(['garbage', '{"id":1,"state":"done"}', '{"id":"1","state":"failed","error":{"code":"x","message":"y"}}', ''])(
    'refuses to start over the damaged line %j',
    async (line) => {
      await ledger.once('1', perform('a'));
      await ledger.close();
      await appendFile(file, `${line}\n{"id":"2","state":"begun"}\n`);
      await expect(openLedger(folder)).rejects.toMatchObject({
        code: 'failed',
        message: `${file}:3 is damaged`,
        hint: `see that no operation is running, then move ${file} away`,
      });
      await rm(file);
      ledger = await openLedger(folder);
    },
  );

  it('stays bounded and keeps the newest results', async () => {
    await reopen({ keep: 5 });
    for (let id = 0; id < 100; id++) await ledger.once(String(id), perform('a'));
    expect((await readFile(file, 'utf8')).split('\n').length).toBeLessThan(5 * 6);
    await reopen({ keep: 5 });
    performed = [];
    for (let id = 95; id < 100; id++) await ledger.once(String(id), perform('b'));
    expect(performed).toEqual([]);
  });
});
