import { describe, expect, it } from 'vitest';
import type { LockHolder } from '../../../../../shared/model/lock.js';
import { createFakeControl } from '../../../../support/fake-control.js';
import { jsonLines, type } from '../harness.js';

const held: LockHolder = {
  ...{ what: 'operation op-7', by: 'bob@web2', host: 'web2', pid: 4711, since: '2025-01-01T00:00:00.000Z' },
  ...{ alive: true, why: 'process 4711 runs on this host' },
};
const stale: LockHolder = { ...held, alive: false, why: 'process 4711 is gone from this host' };
const SIGNED = 'operation op-7 by bob@web2, process 4711 on web2 since 2025-01-01T00:00:00.000Z';

async function typed(line: string, holder?: LockHolder) {
  const control = createFakeControl(holder === undefined ? {} : { holder });
  const seat = type(line, { control });
  return { exit: await seat.exit, out: seat.out(), err: seat.err(), calls: control.calls };
}

describe('ctl lock', () => {
  it('tells that the lock is free', async () => {
    expect(await typed('lock')).toMatchObject({ exit: 0, out: 'free  /etc/ctl/ctl.lock\n', calls: ['lock'] });
  });

  it('tells who holds it, and why he counts as alive', async () => {
    expect((await typed('lock', held)).out).toBe(`held  ${SIGNED} (process 4711 runs on this host)\n  /etc/ctl/ctl.lock\n`);
  });

  it('tells what becomes of a stale one', async () => {
    expect((await typed('lock', stale)).out).toMatch(/^stale {2}.*\n.*\n.*`ctl lock -r` removes it now\n$/);
  });

  it('removes a stale one and says whose it was', async () => {
    expect(await typed('lock -r', stale)).toMatchObject({
      exit: 0,
      out: `removed the lock of ${SIGNED} (process 4711 is gone from this host)\n`,
      calls: ['removeLock'],
    });
  });

  it('leaves one alone whose owner lives, unless it is forced', async () => {
    expect(await typed('lock -r', held)).toMatchObject({ exit: 4, out: '' });
    expect(await typed('lock -r --force', held)).toMatchObject({ exit: 0, calls: ['removeLock force'] });
  });

  it('has a document', async () => {
    expect(jsonLines((await typed('lock --json', held)).out)).toEqual([
      { schema: 1, action: 'lock', exit: 0, path: '/etc/ctl/ctl.lock', holder: held, removed: null },
    ]);
  });
});

describe('-r before an action', () => {
  it.each(['-a start -r', 'restart -r', 'stop -r --yes', '-a rotate -r'])(
    'ctl %s removes a stale lock first, and says whose it was',
    async (line) => {
      const { calls, err } = await typed(line, stale);
      expect(calls[0]).toBe('removeLock');
      expect(calls.some((call) => call.startsWith('run '))).toBe(true);
      expect(err).toContain(`removed the lock of ${SIGNED}`);
    },
  );

  it('does nothing while the owner lives', async () => {
    expect(await typed('-a start -r', held)).toMatchObject({ exit: 4, calls: ['removeLock'] });
  });
});
