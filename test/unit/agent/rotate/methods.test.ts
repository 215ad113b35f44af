import { open, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { AppError } from '../../../../shared/errors.js';
import { systemClock, type Clock } from '../../../../shared/ports/clock.js';
import { exec, type Exec } from '../../../../shared/ports/exec.js';
import { canCollapse } from '../../../support/can-collapse.js';
import { NEVER, rotationOf, serviceOf, specOf } from '../../../support/rotations.js';
import { CONTENT, oneLog, type OneLog } from './one-log.js';

let folder: string;
let log: string;
let archiveDir: string;
let rotate: OneLog['rotate'];
let archives: OneLog['archives'];
beforeEach(async () => {
  ({ folder, log, archiveDir, rotate, archives } = await oneLog());
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const collapses = await canCollapse(tmpdir());

/** On which a wait takes a hundredth of its time. */
function hastyClock(): Clock {
  let ahead = 0;
  return {
    now: () => systemClock.now() + ahead,
    async sleep(ms, signal) {
      ahead += ms;
      await systemClock.sleep(ms / 100, signal);
    },
  };
}

/** `fallocate` as it answers on other file systems; `allows` decides by the length. */
const fallocateThat = (allows: (bytes: number) => boolean, refusal: string): { run: Exec; asked: number[] } => {
  const asked: number[] = [];
  return {
    asked,
    run: async (argv, options) => {
      const at = argv.indexOf('--length');
      if (at < 0) return exec(argv, options);
      const bytes = Number(argv[at + 1]);
      asked.push(bytes);
      if (allows(bytes)) return exec(argv, options);
      return { code: 1, signal: null, stdout: '', stderr: `fallocate: fallocate failed: ${refusal}\n`, truncated: false };
    },
  };
};

describe.skipIf(!collapses)('a rotation by collapse', () => {
  it('leaves in the log what is not in the archive, each line whole, and blanks before it', async () => {
    await writeFile(log, `${CONTENT}half a li`);
    const { logs } = await rotate();
    expect(logs).toMatchObject([{ log, outcome: 'rotated', method: 'collapse', bytes: CONTENT.length, windowMs: null, why: null }]);
    expect(await readFile(logs[0]?.archive ?? '', 'utf8')).toBe(CONTENT);
    expect(await readFile(log, 'utf8')).toMatch(/^ +\nhalf a li$/);
    expect((await stat(log)).size).toBeLessThan(4096 + 20);
  });

  it('goes on with the next method where the file system cannot, and the log was not touched by the first', async () => {
    const { run, asked } = fallocateThat(() => false, 'Operation not supported');
    await writeFile(log, CONTENT);
    const { logs } = await rotate({}, run);
    expect(asked).toHaveLength(1);
    expect(logs).toMatchObject([{ outcome: 'rotated', method: 'copy', bytes: CONTENT.length }]);
    expect(logs[0]?.why).toBe(`collapse: ${log} cannot be collapsed: fallocate failed: Operation not supported`);
    expect(await readFile(logs[0]?.archive ?? '', 'utf8')).toBe(CONTENT);
  });

  it('takes nothing else where it is the method that is wanted, and the log is as it was, byte for byte', async () => {
    await writeFile(log, CONTENT);
    const { logs } = await rotate({ method: 'collapse' }, fallocateThat(() => false, 'Operation not supported').run);
    expect(logs).toMatchObject([{ outcome: 'failed', archive: null, bytes: 0 }]);
    expect(await readFile(log, 'utf8')).toBe(CONTENT);
    expect(await archives()).toEqual([]);
  });

  it('takes a multiple of a larger unit where the block is too small (bigalloc)', async () => {
    const { run, asked } = fallocateThat((bytes) => bytes % 65_536 === 0, 'Invalid argument');
    await writeFile(log, CONTENT);
    const { logs } = await rotate({}, run);
    expect(logs).toMatchObject([{ outcome: 'rotated', method: 'collapse', bytes: CONTENT.length }]);
    expect(asked).toEqual([Math.floor(CONTENT.length / 4096) * 4096, Math.floor(CONTENT.length / 65_536) * 65_536]);
    expect((await readFile(log, 'utf8')).trim()).toBe('');
  });

  it('leaves a log alone that is smaller than what can be taken off', async () => {
    await writeFile(log, 'one line\n');
    const { logs } = await rotate();
    expect(logs).toMatchObject([{ outcome: 'left', why: 'it has no whole entries of 4096 bytes together, and less cannot be taken off' }]);
    expect(await archives()).toEqual([]);
  });

  it('finishes although nobody knows how fallocate ended', async () => {
    const killed: Exec = async (argv, options) => {
      const result = await exec(argv, options);
      if (argv.includes('--length')) throw new AppError('timeout', 'fallocate took longer than 120000 ms');
      return result;
    };
    await writeFile(log, CONTENT);
    expect((await rotate({}, killed)).logs).toMatchObject([{ outcome: 'rotated', method: 'collapse', bytes: CONTENT.length }]);
    expect((await readFile(log, 'utf8')).trim()).toBe('');
  });
});

describe('a rotation by rename', () => {
  it('moves the log into the archive while its service is down, without copying', async () => {
    await writeFile(log, CONTENT);
    const { ino } = await stat(log);
    const { logs } = await rotate({ method: 'rename' });
    expect(logs).toMatchObject([{ outcome: 'rotated', method: 'rename', bytes: CONTENT.length }]);
    expect((await stat(logs[0]?.archive ?? '')).ino).toBe(ino);
    expect(await readdir(join(folder, 'log'))).toEqual([]);
  });

  it('gives a ZEO server that opens no new log its old one back', async () => {
    await writeFile(log, CONTENT);
    const heard = () => undefined;
    process.on('SIGUSR2', heard);
    const file = await open(log, 'a');
    try {
      const mine = rotationOf({ stateDir: join(folder, 'state'), pid: process.pid, clock: hastyClock() });
      const { logs } = await mine.rotate(serviceOf('ZeoServer'), specOf([log], archiveDir, { method: 'signal' }), NEVER);
      expect(logs).toMatchObject([{ outcome: 'failed', archive: null }]);
      expect(logs[0]?.why).toMatch(/^signal: .*event\.log: no new file was opened within 10 s/);
      await file.writeFile('more\n');
    } finally {
      await file.close();
      process.off('SIGUSR2', heard);
    }
    expect(await readFile(log, 'utf8')).toBe(`${CONTENT}more\n`);
    expect(await readdir(join(folder, 'log'))).toEqual(['event.log']);
    expect(await archives()).toEqual([]);
  });
});
