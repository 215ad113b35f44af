import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type BalancerActions, createBalancerActions } from '../../../../controller/actions/balancer.js';
import { startHoldKeeper } from '../../../../controller/keepers/hold-keeper.js';
import { openHolds, type Holds } from '../../../../controller/actions/holds.js';
import type { Service } from '../../../../controller/config/cluster.js';
import { selectServices } from '../../../../controller/config/select.js';
import type { RollWorld } from '../../../../controller/rolling/observe.js';
import { until } from '../../../../deploy/demo/until.js';
import { AppError } from '../../../../shared/errors.js';
import { createLogger } from '../../../../shared/log.js';
import type { BackendOrder } from '../../../../shared/model/agent-api.js';
import type { Backend } from '../../../../shared/model/balancer.js';
import type { BackendsRequest } from '../../../../shared/model/control-api.js';
import { aClient, aCluster, aPolicy, aFleet, aService } from '../checks/fixtures.js';
import type { Lease } from '../../../../controller/rolling/lock.js';
import { aLease } from '../rolling/fixtures.js';

const clients = ['c1', 'c2', 'c3'].map((name, i) => aClient({ name, ip: '10.0.0.1', port: 8081 + i }));
const pound = aService({
  name: 'pound',
  type: 'Pound',
  balancer: { kind: 'pound', conf: '', control: '', exe: '', apply: 'auto', sessions: 'delete' },
});
const zeo = aService({ name: 'zeo', type: 'ZeoServer', port: 8100 });
const log = createLogger({ name: 'test', level: 'silent' });
const signal = new AbortController().signal;

/** A Pound in memory with three clients, all of them in. */
function createWorld({ services = [pound, zeo] as readonly Service[], minActive = 1 } = {}) {
  let now = 100_000;
  const backends = new Map(
    clients.map(({ spec: { ip, port } }, i): [string, Backend] => {
      const address = `${ip}:${port}`;
      return [address, { address, place: 'main/site', inFile: 'in', inRuntime: 'in', alive: true, sessions: i, inFlight: null }];
    }),
  );
  const orders: string[] = [];
  const down = new Set<string>();
  const told: { fail: AppError | null } = { fail: null };
  const fleet = aFleet({
    web1: {
      balancer: async () => ({
        name: 'pound',
        driver: 'pound-control',
        version: '4.16',
        aliveIntervalS: 5,
        backends: [...backends.values()],
      }),
      async setBackend(_: string, { address, wanted }: BackendOrder) {
        if (told.fail !== null) throw told.fail;
        orders.push(`${wanted} ${address}`);
        const before = backends.get(address);
        if (before !== undefined)
          backends.set(address, { ...before, inFile: wanted, inRuntime: wanted, sessions: wanted === 'out' ? 0 : before.sessions });
      },
    },
  });
  const config = aCluster([...services, ...clients], { clients, cluster: aPolicy({ minActive }) });
  const sleepers: (() => void)[] = [];
  const world: RollWorld = {
    config: () => config,
    fleet,
    checks: {
      answers: () => Promise.reject(new Error('not asked')),
      warm: () => Promise.reject(new Error('not asked')),
      report: () => Promise.reject(new Error('not asked')),
      health: async ({ spec: { name } }) =>
        down.has(name) ? { ok: false, fault: 'no-connection', why: 'refused' } : { ok: true, status: 200, ms: 1, bytes: 1 },
    },
    clock: {
      now: () => now,
      sleep: (_, ending) =>
        new Promise((resolve, reject) => {
          if (ending.aborted) reject(new Error('over'));
          sleepers.push(resolve);
          ending.addEventListener('abort', () => reject(new Error('over')), { once: true });
        }),
    },
    held: () => new Map(),
    balancers: async () => {
      const balancers = services.filter((s) => s.spec.balancer !== undefined);
      return new Map(
        await Promise.all(
          balancers.map(
            async (s) =>
              [s.spec.name, { ok: true as const, ...(await fleet.agent('web1').balancer('pound', { signal, timeoutMs: 1000 })) }] as const,
          ),
        ),
      );
    },
  };
  return {
    world,
    orders,
    down,
    told,
    later: (ms: number) => (now += ms),
    /** Lets whoever sleeps go on, and resolves when he sleeps again. */
    async tick() {
      await until('somebody to sleep', async () => sleepers.length > 0, { timeoutMs: 10_000, signal });
      for (const wake of sleepers.splice(0)) wake();
      await until('him to sleep again', async () => sleepers.length > 0, { timeoutMs: 10_000, signal });
    },
    select: (selectors: readonly string[]) => selectServices(config, selectors),
  };
}

const out = (...selectors: string[]): BackendsRequest => ({
  wanted: 'out',
  selectors,
  by: 'jane@desk',
  force: false,
  forS: null,
  reason: 'memory',
});
const letIn = (...selectors: string[]): BackendsRequest => ({ ...out(...selectors), wanted: 'in', reason: null });

describe('ctl balancer', () => {
  let folder: string;
  let holds: Holds;
  let locks: string[];
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'ctl-balancer-'));
    holds = await openHolds(join(folder, 'holds.json'));
    locks = [];
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  const actionsOf = ({ world, select }: ReturnType<typeof createWorld>, lease: Partial<Lease> = {}): BalancerActions =>
    createBalancerActions({
      world,
      select,
      holds,
      log,
      lock: async (what, by) => {
        locks.push(`${what} (${by})`);
        return aLease({ ...lease, release: async () => void locks.push('released') });
      },
    });

  it('takes a client out, notes who, why and for how long, and answers what the balancers say then', async () => {
    const site = createWorld();
    const report = await actionsOf(site).setBackends({ ...out('c3'), forS: 7200 }, signal);
    expect(site.orders).toEqual(['out 10.0.0.1:8083']);
    const hold = { service: 'c3', by: 'jane@desk', reason: 'memory', since: 100_000, until: 7_300_000 };
    expect(holds.all()).toEqual([hold]);
    expect(report.balancers[0]?.backends[2]).toMatchObject({ service: 'c3', inFile: 'out', inRuntime: 'out', hold });
    expect(report.notes).toEqual(['c3: 2 sticky sessions deleted']);
    expect(locks).toEqual(['balancer out c3 (jane@desk)', 'released']);
  });

  it('lets it in again, and nobody holds it any more', async () => {
    const site = createWorld();
    const actions = actionsOf(site);
    await actions.setBackends(out('c1', 'c2'), signal);
    const report = await actions.setBackends(letIn('c1'), signal);
    expect(site.orders).toEqual(['out 10.0.0.1:8081', 'out 10.0.0.1:8082', 'in 10.0.0.1:8081']);
    expect(holds.all().map(({ service }) => service)).toEqual(['c2']);
    expect(report.drift).toEqual([]);
  });

  it('refuses to leave fewer than min_active, unless it is forced, and does nothing', async () => {
    const site = createWorld({ minActive: 2 });
    const actions = actionsOf(site);
    await actions.setBackends(out('c1'), signal);
    await expect(actions.setBackends(out('c2'), signal)).rejects.toMatchObject({
      code: 'precondition',
      message: '2 of 3 clients serve; without c2 it would be 1, and min_active is 2',
      hint: '--force does it all the same',
    });
    expect(site.orders).toEqual(['out 10.0.0.1:8081']);
    expect(holds.of('c2')).toBeUndefined();
    await actions.setBackends({ ...out('c2'), force: true }, signal);
    expect(site.orders).toHaveLength(2);
  });

  it('never takes the last one out by accident, whatever min_active is, and always one that serves nobody', async () => {
    const site = createWorld({ minActive: 0 });
    const actions = actionsOf(site);
    await expect(actions.setBackends(out('*'), signal)).rejects.toMatchObject({ code: 'usage' });
    await expect(actions.setBackends(out('c1', 'c2', 'c3'), signal)).rejects.toMatchObject({ code: 'precondition' });
    for (const name of ['c1', 'c2']) site.down.add(name);
    await actions.setBackends(out('c1', 'c2'), signal);
    expect(site.orders).toHaveLength(2);
  });

  it('does not let in what does not answer, unless it is forced', async () => {
    const site = createWorld();
    site.down.add('c1');
    const actions = actionsOf(site);
    await expect(actions.setBackends(letIn('c1', 'c2'), signal)).rejects.toMatchObject({
      code: 'precondition',
      message: 'it does not answer well: c1 (down)',
    });
    expect(site.orders).toEqual([]);
    await actions.setBackends({ ...letIn('c1'), force: true }, signal);
    expect(site.orders).toEqual(['in 10.0.0.1:8081']);
  });

  it.each([
    [[], 'usage', 'balancer out: which client?'],
    [['zeo'], 'usage', 'zeo is a ZeoServer: only clients of a pool stand in a balancer'],
    [['c9'], 'usage', expect.stringContaining('c9') as string],
  ])('refuses %j', async (selectors, code, message) => {
    await expect(actionsOf(createWorld()).setBackends(out(...selectors), signal)).rejects.toMatchObject({ code, message });
    expect(locks).toEqual([]);
  });

  it('says so where there is no balancer', async () => {
    await expect(actionsOf(createWorld({ services: [zeo] })).setBackends(out('c1'), signal)).rejects.toMatchObject({
      code: 'precondition',
    });
    expect(locks.at(-1)).toBe('released');
  });

  it('notes nobody who could not be taken out, and keeps what was noted before', async () => {
    const site = createWorld();
    const actions = actionsOf(site);
    await actions.setBackends(out('c1'), signal);
    site.told.fail = new AppError('failed', 'pound -c said no');
    await expect(actions.setBackends({ ...out('c1', 'c2'), reason: 'again' }, signal)).rejects.toMatchObject({
      message: 'pound -c said no',
    });
    expect(holds.all()).toMatchObject([{ service: 'c1', reason: 'memory' }]);
    expect(locks.at(-1)).toBe('released');
  });

  it('does nothing once the lock is lost, and notes nothing', async () => {
    const site = createWorld();
    const lost = new AppError('conflict', 'the lock is not ours any more');
    const actions = actionsOf(site, { confirm: () => Promise.reject(lost) });
    await expect(actions.setBackends(out('c1'), signal)).rejects.toBe(lost);
    expect(site.orders).toEqual([]);
    expect(holds.all()).toEqual([]);
  });

  describe('when the time of a client is over', () => {
    it('lets it in, once it answers, and leaves the others alone', async () => {
      const site = createWorld();
      const actions = actionsOf(site);
      await actions.setBackends({ ...out('c1'), forS: 60 }, signal);
      await actions.setBackends(out('c2'), signal);
      const keeper = startHoldKeeper({ holds, actions, clock: site.world.clock, log });
      try {
        await site.tick();
        expect(holds.all()).toHaveLength(2);
        site.down.add('c1');
        site.later(60_000);
        await site.tick();
        expect(holds.of('c1')).toBeDefined();
        site.down.delete('c1');
        await site.tick();
        expect(holds.all().map(({ service }) => service)).toEqual(['c2']);
        expect(site.orders.at(-1)).toBe('in 10.0.0.1:8081');
      } finally {
        await keeper.stop();
      }
    });
  });
});
