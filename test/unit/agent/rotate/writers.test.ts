import { mkdtemp, open, rm } from 'node:fs/promises';
import { constants } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { catches, findWriters, openFlags } from '../../../../agent/rotate/writers.js';
import { parseMountInfo } from '../../../../agent/rotate/file-system.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ctl-writers-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

describe.skipIf(process.platform !== 'linux')('who writes to a file', () => {
  it('is told with whether they append, and readers are not among them', async () => {
    const [appended, overwritten, read] = ['a', 'b', 'c'].map((name) => join(folder, name)) as [string, string, string];
    const files = [
      await open(appended, 'a'),
      await open(overwritten, 'w'),
      await open(read, constants.O_RDONLY | constants.O_CREAT, 0o600),
    ];
    try {
      const { of } = await findWriters([appended, overwritten, read], [process.pid]);
      expect([...of]).toEqual([
        [appended, [{ pid: process.pid, appends: true }]],
        [overwritten, [{ pid: process.pid, appends: false }]],
        [read, []],
      ]);
    } finally {
      for (const file of files) await file.close();
    }
  });

  it('is nobody for sure where nobody is left to be looked at', async () => {
    expect(await findWriters([join(folder, 'a')], [])).toEqual({ of: new Map([[join(folder, 'a'), []]]), complete: true });
  });

  it('is not known where there is no /proc', async () => {
    expect((await findWriters([join(folder, 'a')], null, join(folder, 'none'))).complete).toBe(false);
  });

  it('tells whether a process handles a signal', async () => {
    const heard = () => undefined;
    process.on('SIGUSR2', heard);
    try {
      expect(await catches(process.pid, 12)).toBe(true);
    } finally {
      process.off('SIGUSR2', heard);
    }
    expect(await catches(process.pid, 9)).toBe(false);
    expect(await catches(2 ** 22 + 1, 12)).toBeNull();
  });
});

describe('what /proc says', () => {
  it('has flags in octal', () => {
    expect(openFlags('pos:\t0\nflags:\t0102001\nmnt_id:\t29\n')).toBe(0o102001);
    expect(openFlags('')).toBeNull();
  });

  it('has the type of the file system of each device', () => {
    const text = [
      '29 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw',
      '31 29 0:26 / /dev/shm rw,nosuid - tmpfs tmpfs rw',
      'nonsense',
    ].join('\n');
    expect([...parseMountInfo(text)]).toEqual([
      ['254:0', 'ext4'],
      ['0:26', 'tmpfs'],
    ]);
  });
});
