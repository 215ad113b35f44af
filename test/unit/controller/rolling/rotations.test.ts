import { describe, expect, it } from 'vitest';
import { createRotations, planRotation, planRotations } from '../../../../controller/rolling/rotations.js';
import type { RollWorld } from '../../../../controller/rolling/observe.js';
import type { Service } from '../../../../controller/config/cluster.js';
import { AppError } from '../../../../shared/errors.js';
import type { AgentApi } from '../../../../shared/model/agent-api.js';
import type { RotatedLog, RotationPlan, RotationResult } from '../../../../shared/model/rotation.js';
import { aCluster, aFleet, aService, fakeClock } from '../checks/fixtures.js';

const signal = new AbortController().signal;
const LOG = '/srv/zope/1/log/event.log';
const PLAN: RotationPlan = {
  shortage: null,
  logs: [
    { log: LOG, method: 'collapse', sizeBytes: 5_200_000, archive: '/srv/archive/2026/3/c1-05-07-08-09-event.log', loss: null, why: null },
  ],
};
const ROTATED: RotatedLog = {
  ...{ log: LOG, outcome: 'rotated', method: 'pause', archive: '/srv/archive/a', bytes: 900, ms: 12 },
  ...{ windowMs: null, pausedMs: 4.25, why: null },
};
const RESULT: RotationResult = { logs: [ROTATED], recovered: [], removed: [] };

const rotation = { logs: [LOG], archiveDir: '/srv/archive', compress: 'none', keepDays: 0, method: 'auto' } as const;
const withLogs = (name: string, host: string): Service => aService({ name, rotation }, { host });

function worldOf(services: readonly Service[], agents: Readonly<Record<string, Partial<AgentApi>>>): RollWorld {
  return {
    config: () => aCluster(services),
    fleet: aFleet(agents),
    checks: { answers: never, health: never, warm: never, report: never },
    clock: fakeClock(),
    held: () => new Map(),
    balancers: never,
  };
}
const never = (): never => {
  throw new Error('a rotation looks at nothing else');
};
const request = {
  action: 'rotate',
  selectors: [],
  by: 'alice@web1',
  force: false,
  oldForm: false,
  maxFail: null,
  batch: null,
  deadlineS: null,
} as const;

describe('what a rotation is going to do', () => {
  it('is asked of the agent of each service that has logs to rotate', async () => {
    const world = worldOf([withLogs('c1', 'web1'), aService({ name: 'none' })], { web1: { rotation: async () => PLAN } });
    expect(await planRotation(world, 'id', request, null, signal)).toMatchObject({
      ...{ action: 'rotate', batches: [], takeOut: [], warnings: [] },
      rotate: [
        { service: 'c1', details: [`${LOG} (5.2 MB) by collapse, nothing is lost; to /srv/archive/2026/3/c1-05-07-08-09-event.log`] },
      ],
    });
  });

  it('says what could be lost, and why no better method is taken', async () => {
    const copy = { ...PLAN.logs[0], method: 'copy', loss: 'lines', why: 'collapse: tmpfs cannot collapse a file' } as const;
    const agents = { web1: { rotation: async () => ({ ...PLAN, logs: [copy as RotationPlan['logs'][number]] }) } };
    const { steps } = await planRotations(worldOf([withLogs('c1', 'web1')], agents), null, { strict: true }, signal);
    expect(steps[0]?.details).toEqual([
      `${LOG} (5.2 MB) by copy, what can be lost: lines; collapse: tmpfs cannot collapse a file; to /srv/archive/2026/3/c1-05-07-08-09-event.log`,
    ]);
  });

  it('says what the archive is compressed by', async () => {
    const packed = aService({ name: 'c1', rotation: { ...rotation, compress: 'gzip' } }, { host: 'web1' });
    const { steps } = await planRotations(worldOf([packed], { web1: { rotation: async () => PLAN } }), null, { strict: true }, signal);
    expect(steps[0]?.details).toEqual([expect.stringMatching(/-event\.log, then gzip$/)]);
  });

  it('is nothing where a log is of a host that can never be asked', async () => {
    const elsewhere = new AppError('precondition', 'web2 is not this host', { hint: 'set [controller] address' });
    const agents = { web1: { rotation: async () => PLAN }, web2: { rotation: () => Promise.reject(elsewhere) } };
    const world = worldOf([withLogs('c1', 'web1'), withLogs('c2', 'web2')], agents);
    await expect(planRotation(world, 'id', request, null, signal)).rejects.toMatchObject({
      ...{ code: 'precondition', message: 'web2 is not this host', hint: 'nothing was touched. set [controller] address' },
    });
  });

  it('is not hidden by an agent that is away: the others rotate all the same', async () => {
    const world = worldOf([withLogs('c1', 'web1'), withLogs('c2', 'web2')], { web1: { rotation: async () => PLAN } });
    const plan = await planRotation(world, 'id', request, null, signal);
    expect(plan.rotate?.map(({ service }) => service)).toEqual(['c1', 'c2']);
    expect(plan.warnings).toEqual(['the agent of web2 is away']);
  });

  it('ends a roll before it begins where it cannot be done: agent away, no room, no method', async () => {
    const strict = (agents: Readonly<Record<string, Partial<AgentApi>>>) =>
      planRotations(worldOf([withLogs('c1', 'web1')], agents), null, { strict: true }, signal);
    await expect(strict({})).rejects.toMatchObject({ code: 'unreachable' });
    await expect(strict({ web1: { rotation: async () => ({ ...PLAN, shortage: '/srv/archive has 1 MiB free' }) } })).rejects.toMatchObject({
      code: 'precondition',
      message: 'c1: /srv/archive has 1 MiB free',
    });
    const stuck = { ...PLAN, logs: [{ log: LOG, method: null, sizeBytes: 1, archive: null, loss: null, why: 'no' }] };
    await expect(strict({ web1: { rotation: async () => stuck } })).rejects.toMatchObject({
      code: 'precondition',
      message: `c1: ${LOG} cannot be rotated: no`,
    });
  });

  it('is a matter of the file where nothing has logs to rotate, or no place for archives', async () => {
    const none = worldOf([aService({ name: 'none' })], {});
    await expect(planRotation(none, 'id', request, null, signal)).rejects.toMatchObject({
      code: 'config',
      message: 'no service has rotate_logs',
    });
    const homeless = worldOf([aService({ name: 'c1', rotation: { ...rotation, archiveDir: '' } })], {});
    await expect(planRotation(homeless, 'id', request, null, signal)).rejects.toMatchObject({
      code: 'config',
      message: 'c1 has rotate_logs, but there is no archivedir',
    });
  });
});

describe('a rotation on its host', () => {
  it('tells of each log what became of it', async () => {
    const rotate = createRotations(
      worldOf([withLogs('c1', 'web1')], { web1: { rotate: async () => ({ ...RESULT, recovered: ['a: was undone'], removed: ['/old'] }) } }),
    );
    expect(await rotate('c1', 'id', signal)).toEqual({
      error: null,
      notes: [
        'a: was undone',
        `${LOG}: 1 kB by pause to /srv/archive/a; the service stood still for 4.3 ms`,
        '/old was older than it is kept: removed',
      ],
    });
  });

  it('fails for a log that was not rotated, and tells of the others all the same', async () => {
    const failed: RotatedLog = { ...ROTATED, log: '/srv/b', outcome: 'failed', why: 'copy: disk full' };
    const rotate = createRotations(
      worldOf([withLogs('c1', 'web1')], { web1: { rotate: async () => ({ ...RESULT, logs: [failed, ROTATED] }) } }),
    );
    const { error, notes } = await rotate('c1', 'id', signal);
    expect(error).toBe('/srv/b was not rotated: copy: disk full');
    expect(notes).toHaveLength(1);
  });

  it('is asked for again by the same id when its agent comes back, and given up after a minute', async () => {
    const ids: string[] = [];
    const away = async (_: string, { commandId }: { commandId: string }): Promise<RotationResult> => {
      ids.push(commandId);
      if (ids.length < 3) throw new AppError('unreachable', 'away');
      return RESULT;
    };
    const rotate = createRotations(worldOf([withLogs('c1', 'web1')], { web1: { rotate: away } }));
    expect((await rotate('c1', 'the id', signal)).error).toBeNull();
    expect(ids).toEqual(['the id', 'the id', 'the id']);
    const gone = createRotations(worldOf([withLogs('c1', 'web1')], {}));
    await expect(gone('c1', 'the id', signal)).rejects.toMatchObject({ code: 'unreachable' });
  });

  it('waits for its turn on the host, and for no other host', async () => {
    const begun: string[] = [];
    const release: (() => void)[] = [];
    const slow = (service: string): Promise<RotationResult> => {
      begun.push(service);
      return new Promise((resolve) => release.push(() => resolve(RESULT)));
    };
    const rotate = createRotations(
      worldOf([withLogs('a', 'web1'), withLogs('b', 'web1'), withLogs('c', 'web2')], { web1: { rotate: slow }, web2: { rotate: slow } }),
    );
    const all = ['a', 'b', 'c'].map((name) => rotate(name, name, signal));
    await Promise.resolve();
    await Promise.resolve();
    expect(begun).toEqual(['a', 'c']);
    release.forEach((go) => go());
    await all[0];
    await Promise.resolve();
    release.forEach((go) => go());
    await new Promise((resolve) => setImmediate(resolve));
    release.forEach((go) => go());
    await Promise.all(all);
    expect(begun).toEqual(['a', 'c', 'b']);
  });
});
