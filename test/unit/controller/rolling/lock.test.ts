import { mkdtemp, readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { acquireLock, type Lease, type LockOwner } from '../../../../controller/rolling/lock.js';
import { AppError } from '../../../../shared/errors.js';

const ME = `${process.pid}@100`;
/** The processes of this host: this one, and one more that lives. */
const LIVE: ReadonlyMap<number, string> = new Map([
  [process.pid, ME],
  [4711, '4711@200'],
]);
const deps = { identify: async (pid: number) => LIVE.get(pid) ?? null };
const mine = { what: 'operation 20260101-000000-0001', by: 'alice@web1' };

let folder: string;
let path: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ctl-lock-'));
  path = join(folder, 'ctl.lock');
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const owner = (over: Partial<LockOwner> = {}): LockOwner => ({
  what: 'operation 20250101-000000-0001',
  by: 'bob@web2',
  host: hostname(),
  pid: 4711,
  process: '4711@200',
  since: '2025-01-01T00:00:00.000Z',
  ...over,
});
const held = (by: LockOwner) => writeFile(path, `${JSON.stringify(by)}\n`);
const beatAgo = async (seconds: number) => {
  const at = new Date(Date.now() - seconds * 1000);
  await utimes(path, at, at);
};
const refusal = async () => {
  const error: unknown = await acquireLock(path, mine, deps).then(
    (lease) => lease.release(),
    (e: unknown) => e,
  );
  if (!(error instanceof AppError)) throw new Error('the lock was given');
  return { code: error.code, message: error.message, hint: error.hint };
};
const signature = async () => JSON.parse(await readFile(path, 'utf8')) as LockOwner;

describe('a lock that nobody holds', () => {
  it('is signed with who took it, for what, and by which process; released, nothing is left of it', async () => {
    const lease = await acquireLock(path, mine, deps);
    expect(await signature()).toEqual({ ...mine, host: hostname(), pid: process.pid, process: ME, since: expect.any(String) as string });
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    await lease.release();
    await lease.release();
    expect(await readdir(folder)).toEqual([]);
  });

  it('says where it could not be written', async () => {
    path = join(folder, 'missing', 'ctl.lock');
    expect(await refusal()).toMatchObject({
      code: 'failed',
      message: expect.stringContaining(`cannot write the lock ${path}: ENOENT`) as string,
      hint: 'see lock_file in cluster.ini',
    });
  });
});

describe('a lock that is held', () => {
  it('by a live process of this host is refused with everything that is known of the holder', async () => {
    await held(owner());
    await beatAgo(3600);
    expect(await refusal()).toEqual({
      code: 'conflict',
      message:
        `operation 20250101-000000-0001 by bob@web2 holds the lock ` + `since 2025-01-01T00:00:00.000Z (process 4711 on ${hostname()})`,
      hint: `the lock is ${path}; ctl operations list shows what runs`,
    });
    expect(await signature()).toEqual(owner());
  });

  it('by a dead process of this host is free, however fresh it looks', async () => {
    await held(owner({ pid: 99, process: '99@1' }));
    const lease = await acquireLock(path, mine, deps);
    expect(await signature()).toMatchObject(mine);
    await lease.release();
    expect(await readdir(folder)).toEqual([]);
  });

  it('by a dead process whose pid another one has by now is free', async () => {
    await held(owner({ pid: 4711, process: '4711@3' }));
    const lease = await acquireLock(path, mine, deps);
    expect(await signature()).toMatchObject(mine);
    await lease.release();
  });

  it('on another host is refused while its heart beats, and free a minute after it has stopped', async () => {
    // This host cannot look at a process of that one, not even if a process with the same pid runs here.
    await held(owner({ host: 'web9' }));
    await beatAgo(50);
    expect(await refusal()).toMatchObject({ code: 'conflict', message: expect.stringContaining('(process 4711 on web9)') as string });
    await beatAgo(70);
    const lease = await acquireLock(path, mine, deps);
    expect(await signature()).toMatchObject(mine);
    await lease.release();
  });

  it.each(['', 'garbage', 'null', '17', '{}', '{"host":"web1","pid":"x"}'])(
    'without a signature (%s) is respected for a minute',
    async (text) => {
      await writeFile(path, text);
      expect(await refusal()).toEqual({
        code: 'conflict',
        message: `the lock ${path} is held by somebody who did not sign it`,
        hint: 'look at the file; `ctl lock -r` removes it',
      });
      await beatAgo(70);
      await (await acquireLock(path, mine, deps)).release();
    },
  );

  it('by this very process is refused, too', async () => {
    const lease = await acquireLock(path, mine, deps);
    expect(await refusal()).toMatchObject({ code: 'conflict' });
    await lease.release();
  });
});

describe('a stale lock', () => {
  it('is free although another one died while he replaced it', async () => {
    await held(owner({ pid: 99, process: '99@1' }));
    await writeFile(`${path}.claim`, `${JSON.stringify(owner({ pid: 98, process: '98@1' }))}\n`);
    await (await acquireLock(path, mine, deps)).release();
    expect(await readdir(folder)).toEqual([]);
  });

  it('is left to another one who is just replacing it', async () => {
    await held(owner({ pid: 99, process: '99@1' }));
    await writeFile(`${path}.claim`, `${JSON.stringify(owner())}\n`);
    expect(await refusal()).toEqual({ code: 'conflict', message: `the lock ${path} changes hands too quickly`, hint: 'try again' });
    expect(await signature()).toMatchObject({ pid: 99 });
  });
});

describe('a lease', () => {
  it('leaves a lock alone that is somebody else’s by now', async () => {
    const lease = await acquireLock(path, mine, deps);
    await held(owner());
    await lease.release();
    expect(await signature()).toEqual(owner());
  });
});

describe('many that find the same stale lock at the same time', () => {
  it('never share it: exactly one gets it, the others hear of it', async () => {
    for (let round = 0; round < 20; round++) {
      await held(owner({ pid: 99, process: `99@${round}` }));
      const takers = Array.from({ length: 16 }, (_, i) => acquireLock(path, { what: `operation ${i}`, by: 'alice@web1' }, deps));
      const results = await Promise.allSettled(takers);
      const leases = results.flatMap((r): Lease[] => (r.status === 'fulfilled' ? [r.value] : []));
      const codes = results.flatMap((r) => (r.status === 'rejected' ? [(r.reason as AppError).code] : []));
      expect({ round, leases: leases.length, codes: new Set(codes) }).toEqual({ round, leases: 1, codes: new Set(['conflict']) });
      await leases[0]?.release();
      expect(await readdir(folder)).toEqual([]);
    }
  });
});

describe('a lock that its holder has lost', () => {
  it.each([
    ['somebody else took it', () => held(owner({ host: 'web9' }))],
    ['somebody took it away', () => rm(path)],
  ])('is noticed with the next look: %s', async (_, lose) => {
    const lease = await acquireLock(path, mine, deps);
    await lease.confirm();
    expect(lease.lost.aborted).toBe(false);
    await lose();
    const error: unknown = await lease.confirm().catch((e: unknown) => e);
    expect(error).toMatchObject({ code: 'conflict', message: `the lock ${path} is not ours any more` });
    expect(lease.lost.reason).toBe(error);
    await expect(lease.confirm()).rejects.toBe(error);
    await lease.release();
  });
});
