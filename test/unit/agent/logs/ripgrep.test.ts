import { mkdtemp, open, readFile, rm, writeFile, type FileHandle } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createRipgrep, loadRipgrep } from '../../../../agent/logs/ripgrep.js';
import { AppError } from '../../../../shared/errors.js';
import { gone, runningHere } from '../../../support/children.js';

const { signal } = new AbortController();
let folder = '';
let file: FileHandle;
const write = async (text: string | Buffer) => {
  await writeFile(join(folder, 'log'), text);
  file = await open(join(folder, 'log'));
};
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rg-'));
});
afterEach(async () => {
  await file.close();
  await rm(folder, { recursive: true, force: true });
});

const log = () => ({ handle: file, path: join(folder, 'log') });
const offsets = async (rust: string, from = 0) => {
  const found: number[] = [];
  for await (const portion of (await loadRipgrep()).offsets(log(), rust, from, signal)) found.push(...portion);
  return found;
};

describe('ripgrep', () => {
  it('tells where the lines begin that match, each once', async () => {
    await write('one\ntwo two\nthree\n\ntwo');
    expect(await offsets('two')).toEqual([4, 19]);
    expect(await offsets('^$')).toEqual([18]);
    expect(await offsets('nothing')).toEqual([]);
  });

  it('passes over most of what lies before the place that it is to begin at', async () => {
    await write(`${'x\n'.repeat(500_000)}hit\n`);
    expect(await offsets('hit', 1_000_000)).toEqual([1_000_000]);
    const all = await offsets('x', 900_000);
    expect(all.at(-1)).toBe(999_998);
    expect(all[0]).toBeGreaterThan(900_000 - 64 * 1024 - 1);
  });

  it('counts the lines, also in what is no text', async () => {
    await write(Buffer.concat([Buffer.from('hit\n'), Buffer.alloc(1000), Buffer.from('\nhit \xff hit\n', 'latin1')]));
    const ripgrep = await loadRipgrep();
    expect(await ripgrep.count(log(), 'hit', signal)).toBe(2);
    await file.close();
    await write('');
    expect(await ripgrep.count(log(), 'hit', signal)).toBe(0);
  });

  it('is gone as soon as nobody wants to know any more', async () => {
    await write('hit\n'.repeat(2_000_000));
    const ripgrep = await loadRipgrep();
    for await (const portion of ripgrep.offsets(log(), 'hit', 0, signal)) {
      expect(portion.length).toBeGreaterThan(0);
      expect(await runningHere('rg')).toHaveLength(1);
      break;
    }
    await gone('rg');
    const abort = new AbortController();
    const reading = ripgrep.offsets(log(), 'hit', 0, abort.signal)[Symbol.asyncIterator]();
    await reading.next();
    abort.abort(new AppError('cancelled', 'enough'));
    await expect(
      (async () => {
        while ((await reading.next()).done !== true);
      })(),
    ).rejects.toMatchObject({ code: 'cancelled', message: 'enough' });
    await gone('rg');
  });

  it('reads no faster than it is asked', async () => {
    await write('hit\n'.repeat(5_000_000));
    const reading = (await loadRipgrep()).offsets(log(), 'hit', 0, signal)[Symbol.asyncIterator]();
    await reading.next();
    const [pid = 0] = await runningHere('rg');
    let before = -1;
    for (let read = await readBytesOf(pid); read !== before; read = await readBytesOf(pid)) {
      before = read;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    expect(before).toBeLessThan(5_000_000);
    await reading.return?.();
  });

  it('says what is wrong with itself', async () => {
    await write('x\n');
    await expect(createRipgrep('/nowhere/rg').count(log(), 'x', signal)).rejects.toMatchObject({
      code: 'failed',
      message: '/nowhere/rg: no such program',
    });
    await expect((await loadRipgrep()).count(log(), '(', signal)).rejects.toMatchObject({ code: 'usage' });
  });
});

const readBytesOf = async (pid: number): Promise<number> => Number(/rchar: (\d+)/.exec(await readFile(`/proc/${pid}/io`, 'utf8'))?.[1]);
