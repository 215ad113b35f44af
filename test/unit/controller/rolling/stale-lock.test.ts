import { mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { lookAtLock, removeLock } from '../../../../controller/rolling/stale-lock.js';

const LIVE: ReadonlyMap<number, string> = new Map([
  [process.pid, `${process.pid}@100`],
  [4711, '4711@200'],
]);
const deps = { identify: async (pid: number) => LIVE.get(pid) ?? null };
const request = { force: false, by: 'alice@web1' };

let folder: string;
let path: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ctl-lock-'));
  path = join(folder, 'ctl.lock');
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const held = async (over: object, secondsAgo = 0) => {
  const owner = {
    what: 'operation 1',
    by: 'bob@web2',
    host: hostname(),
    pid: 4711,
    process: '4711@200',
    since: '2025-01-01T00:00:00.000Z',
  };
  await writeFile(path, `${JSON.stringify({ ...owner, ...over })}\n`);
  const at = new Date(Date.now() - secondsAgo * 1000);
  await utimes(path, at, at);
};

describe('a lock that is looked at', () => {
  it('is free', async () => {
    expect(await lookAtLock(path, deps)).toEqual({ path, holder: null, removed: null });
  });

  it('is told with who holds it and why he counts as alive', async () => {
    await held({});
    expect((await lookAtLock(path, deps)).holder).toEqual({
      ...{ what: 'operation 1', by: 'bob@web2', host: hostname(), pid: 4711, since: '2025-01-01T00:00:00.000Z' },
      ...{ alive: true, why: 'process 4711 runs on this host' },
    });
  });
});

describe('a lock that is to be removed', () => {
  it('stays while its owner lives, who is named', async () => {
    await held({});
    await expect(removeLock(path, request, deps)).rejects.toMatchObject({
      code: 'conflict',
      message: 'operation 1 by bob@web2 holds the lock, and its owner lives: process 4711 runs on this host',
    });
    expect(await readdir(folder)).toEqual(['ctl.lock']);
  });

  it('goes if its process is gone, or its pid is another process by now', async () => {
    for (const owner of [{ pid: 4712, process: '4712@1' }, { process: '4711@199' }]) {
      await held(owner);
      expect((await removeLock(path, request, deps)).removed).toMatchObject({ by: 'bob@web2', alive: false });
      expect(await readdir(folder)).toEqual([]);
    }
  });

  it('of another host goes when its heartbeat is over a minute old', async () => {
    await held({ host: 'elsewhere' }, 30);
    await expect(removeLock(path, request, deps)).rejects.toMatchObject({ code: 'conflict' });
    await held({ host: 'elsewhere' }, 61);
    expect((await removeLock(path, request, deps)).removed).toMatchObject({ host: 'elsewhere' });
  });

  it('goes by force whoever holds it', async () => {
    await held({});
    expect((await removeLock(path, { ...request, force: true }, deps)).removed).toMatchObject({ alive: true });
    expect(await readdir(folder)).toEqual([]);
  });

  it('stays while somebody else is replacing it', async () => {
    await held({ process: '4711@199' });
    const claim = { what: 'x', by: 'x', host: hostname(), pid: 4711, process: '4711@200', since: '' };
    await writeFile(`${path}.claim`, JSON.stringify(claim));
    await expect(removeLock(path, request, deps)).rejects.toMatchObject({ code: 'conflict' });
    expect(await readFile(path, 'utf8')).toContain('4711@199');
  });

  it('that is not there is nothing to remove', async () => {
    expect(await removeLock(path, request, deps)).toEqual({ path, holder: null, removed: null });
  });
});
