import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFile, mkdir, mkdtemp, readFile, rm, rmdir, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { openCompactedLog, type CompactedLog } from '../../../shared/ports/compacted-log.js';
import type { AppendUntilKilled } from '../../support/append-until-killed.js';
import { bundled, type Bundled } from '../../support/bundled.js';
import { createRandom } from '../../support/random.js';

let folder = '';
let file = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'compacted-'));
  file = join(folder, 'state', 'words.jsonl');
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** The words that are known: `+x` is one more, `-x` one less. */
async function open(mostLines = 1000): Promise<CompactedLog<string> & { readonly words: Set<string>; say(word: string): Promise<void> }> {
  const words = new Set<string>();
  const learn = (line: string) => {
    if (line.startsWith('+')) words.add(line.slice(1));
    else words.delete(line.slice(1));
  };
  const log = await openCompactedLog<string>(file, {
    parse: (value) => (typeof value === 'string' && /^[+-]/.test(value) ? value : null),
    learn,
    known: () => [...words].map((word) => `+${word}`),
    mostLines,
    hint: 'mend it',
  });
  return {
    ...log,
    words,
    say(line) {
      learn(line);
      return log.append(line);
    },
  };
}

/** What somebody who opens it now gets to know. */
async function known(): Promise<string[]> {
  const log = await open();
  await log.close();
  return [...log.words];
}
const textOf = () => readFile(file, 'utf8');

describe('a compacted log', () => {
  it('begins empty, and holds what was said when it is opened again', async () => {
    const log = await open();
    await Promise.all(['+a', '+b', '-a', '+ü "c"\n'].map((line) => log.say(line)));
    await log.append('+x', '+y');
    await log.close();
    expect(await known()).toEqual(['b', 'ü "c"\n', 'x', 'y']);
  });

  it('is a line more for each change, and is written anew from what is known when it has grown long', async () => {
    const log = await open(3);
    for (const line of ['+a', '+b', '-a']) await log.say(line);
    expect(await textOf()).toBe('"+a"\n"+b"\n"-a"\n');
    await log.say('+c');
    expect(await textOf()).toBe('"+b"\n"+c"\n');
    for (let n = 0; n < 50; n++) for (const sign of ['+', '-']) await log.say(`${sign}${n}`);
    await log.close();
    expect((await textOf()).split('\n').length).toBeLessThanOrEqual(4);
    expect(await known()).toEqual(['b', 'c']);
  });

  it('counts what the file held before, too', async () => {
    for (let n = 0; n < 20; n++) {
      const log = await open(5);
      await log.say(n % 2 === 0 ? '+a' : '-a');
      await log.close();
    }
    expect((await textOf()).split('\n').length).toBeLessThanOrEqual(6);
    expect(await known()).toEqual([]);
  });

  it('writes what is appended before it is closed', async () => {
    const log = await open();
    const said = log.say('+a');
    await log.close();
    await said;
    expect(await known()).toEqual(['a']);
  });

  it.each(['no json', '7', '"a"', ''])('is not begun anew where a line is damaged: %j', async (line) => {
    await mkdir(join(folder, 'state'));
    await writeFile(file, `"+a"\n${line}\n`);
    await expect(open()).rejects.toMatchObject({ code: 'failed', message: `${file}:2 is damaged`, hint: 'mend it' });
    expect(await textOf()).toBe(`"+a"\n${line}\n`);
  });

  it('is not begun anew where the file cannot be read', async () => {
    await mkdir(file, { recursive: true });
    await expect(open()).rejects.toMatchObject({
      code: 'failed',
      message: `${file} cannot be read: EISDIR: illegal operation on a directory, read`,
    });
  });
});

describe('a compacted log whose disk fails', () => {
  it('rejects the change, and writes it with the next one', async () => {
    const log = await open(2);
    for (const line of ['+a', '+b']) await log.say(line);
    await rm(file);
    await mkdir(join(file, 'in the way'), { recursive: true });
    await expect(log.say('+c')).rejects.toMatchObject({ code: 'EISDIR' });
    await expect(log.say('-a')).rejects.toMatchObject({ code: 'EISDIR' });
    await rmdir(join(file, 'in the way'));
    await rmdir(file);
    await log.say('+d');
    await log.say('+e');
    await log.close();
    expect(await known()).toEqual(['b', 'c', 'd', 'e']);
  });

  it('ends also while it fails', async () => {
    const log = await open(0);
    await rm(join(folder, 'state'), { recursive: true });
    await expect(log.say('+a')).rejects.toMatchObject({ code: 'ENOENT' });
    await log.close();
  });
});

describe('a compacted log after a crash', () => {
  it('lacks a change of which not all is there, wherever it was cut, and goes on behind the others', async () => {
    const before = await open();
    await before.say('+a');
    await before.say('+böse');
    await before.close();
    const whole = await readFile(file);
    for (let size = '"+a"\n'.length; size < whole.length; size++) {
      await writeFile(file, whole);
      await truncate(file, size);
      const log = await open();
      await log.say('+c');
      await log.close();
      expect(await textOf()).toBe('"+a"\n"+c"\n');
    }
  });

  it('is the old one if the new one had not got its name yet', async () => {
    const log = await open();
    await log.say('+a');
    await log.close();
    await writeFile(join(folder, 'state', '.words.jsonl.1.0.tmp'), '"+b"\n"+');
    await appendFile(file, '"+to');
    expect(await known()).toEqual(['a']);
  });

  describe('of its process', () => {
    let program: Bundled;
    beforeAll(async () => {
      program = await bundled('append-until-killed');
    });
    afterAll(() => program[Symbol.asyncDispose]());

    it('holds all that was answered for, whenever that was', async () => {
      const order: AppendUntilKilled = { path: file, keep: 10, mostLines: 13 };
      const random = createRandom(20);
      let answered = 0;
      for (let round = 0; round < 12; round++) {
        const until = answered + 1 + Math.floor(random() * 30);
        const child = spawn(process.execPath, [program.path, JSON.stringify(order)], {
          stdio: ['ignore', 'pipe', 'inherit'],
          timeout: 20_000,
          killSignal: 'SIGKILL',
        });
        child.stdout.setEncoding('utf8').on('data', (text: string) => {
          answered = Number(text.trimEnd().split('\n').at(-1));
          if (answered >= until) child.kill('SIGKILL');
        });
        await once(child, 'close');
        const held = (await readFile(file, 'utf8')).split('\n').slice(0, -1).map(Number);
        const newest = held.at(-1) ?? 0;
        expect([answered, answered + 1]).toContain(newest);
        expect(new Set(held)).toEqual(new Set(held.map((_, at) => newest - at)));
        expect(held.length).toBeGreaterThanOrEqual(Math.min(order.keep, newest));
        expect(held.length).toBeLessThanOrEqual(order.mostLines);
      }
      expect(answered).toBeGreaterThan(50);
    });
  });
});
