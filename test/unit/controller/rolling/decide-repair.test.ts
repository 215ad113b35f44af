import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Client } from '../../../../controller/config/cluster.js';
import { decideRepair } from '../../../../controller/rolling/decide-repair.js';
import type { RepairAttempt } from '../../../../controller/rolling/repair-history.js';
import type { RepairSituation } from '../../../../controller/rolling/repair-situation.js';
import type { CriticalEvent, Finding, ServiceReport } from '../../../../shared/model/check-report.js';
import { aClient, aCluster, aPolicy, aService } from '../checks/fixtures.js';

const client = (name: string): Client => aClient({ name, serviceName: name }, { pool: 1 });
const zeo = aService({ name: 'zeo', type: 'ZeoServer', serviceName: 'zeo' });
const pound = aService({
  ...{ name: 'pound', type: 'Pound', serviceName: 'pound' },
  balancer: { kind: 'pound', conf: '', control: '', exe: '', apply: 'auto', sessions: 'delete' },
});
const CLIENTS = ['c1', 'c2', 'c3'].map(client);
const cluster = (minActive = 1) =>
  aCluster([pound, ...CLIENTS, zeo], { clients: CLIENTS, frontends: [pound], cluster: aPolicy({ minActive }) });

const finding = (event: CriticalEvent | null, message: string, kind: Finding['kind'] = 'tcp'): Finding => ({
  ...{ event, kind, message, expected: null, got: null },
});
const KINDS: Readonly<Record<CriticalEvent, Finding['kind']>> = { 1: 'tcp', 2: 'http', 3: 'memory', 4: 'log', 5: 'timeout' };
const WELL: Omit<ServiceReport, 'name' | 'type'> = {
  ...{ host: 'web1', pool: 1, state: 'ok', balancer: 'in', at: 0, memory: null, log: null, findings: [] },
  ...{ tcp: { ok: true, ms: 1 }, http: { ok: true, status: 200, ms: 1, bytes: 1 } },
};
const event = (number: CriticalEvent): Partial<ServiceReport> => ({
  state: 'critical',
  findings: [finding(number, `event ${number} was seen`, KINDS[number])],
  ...(number === 2 || number === 5 ? { http: { ok: false, why: 'no' } } : {}),
});
const DOWN: Partial<ServiceReport> = {
  ...{ state: 'stopped', tcp: { ok: false, why: 'refused' }, http: null, findings: [finding(1, 'no TCP connection')] },
};

/** A cluster in which all is well but what is given. */
function situation(bad: Readonly<Record<string, Partial<ServiceReport>>>, over: Partial<RepairSituation> = {}): RepairSituation {
  const config = over.config ?? cluster();
  const reports = [...config.services.values()].map(({ spec: { name, type } }): ServiceReport => ({ name, type, ...WELL, ...bad[name] }));
  const nobody = { held: new Map<string, string>(), stopped: new Set<string>(), away: new Map<string, string>() };
  return { config, reports, confirmed: null, attempts: [], now: 10_000_000, named: null, ...nobody, ...over };
}
const decide = (bad: Parameters<typeof situation>[0], over: Partial<RepairSituation> = {}) =>
  Object.fromEntries(decideRepair(situation(bad, over)).map((one) => [one.service, one]));
const actions = (bad: Parameters<typeof situation>[0], over: Partial<RepairSituation> = {}) =>
  decideRepair(situation(bad, over)).flatMap(({ service, action }) => (action === 'none' ? [] : [`${action} ${service}`]));

describe('a repair', () => {
  it('does nothing where all is well, and says so', () => {
    expect(decide({})).toMatchObject({ c1: { state: 'well', action: 'none', reason: 'nothing is wrong with it' } });
    expect(actions({})).toEqual([]);
  });

  it.each<[CriticalEvent]>([[1], [2], [3], [4], [5]])('restarts a client with event %i', (number) => {
    expect(actions({ c2: event(number) })).toEqual(['restart c2']);
  });

  it('starts what is down: ZEO server, frontends, dead clients, and then those that still serve', () => {
    expect(actions({ c1: event(3), c2: DOWN, pound: DOWN })).toEqual(['start pound', 'start c2', 'restart c1']);
    expect(actions({ zeo: DOWN, c1: event(2), pound: DOWN })).toEqual(['start zeo', 'start pound', 'recheck c1']);
  });

  it.each<[string, Partial<ServiceReport>]>([
    ['what could not be measured', { state: 'unknown', findings: [finding(null, 'not measured: TCP', 'unmeasured')] }],
    ['a busy client', { state: 'busy', findings: [finding(5, 'late', 'timeout')] }],
    ['a client whose agent is away, whatever else', { state: 'unknown', findings: [finding(null, 'x', 'unmeasured')] }],
    ['a frontend that answers, whatever it says', {}],
  ])('leaves %s alone', (_, report) => {
    expect(actions({ c1: report, pound: event(2) })).toEqual([]);
  });

  it('waits until the monitor has seen it often enough', () => {
    expect(actions({ c1: event(2), c2: event(2) }, { confirmed: new Set(['c2']) })).toEqual(['restart c2']);
    expect(decide({ c1: event(2) }, { confirmed: new Set() }).c1).toMatchObject({
      state: 'unknown',
      reason: 'seen once, which is not enough: event 2 was seen',
    });
  });

  it.each<[string, Partial<RepairSituation>, string]>([
    [
      'is held out by hand',
      { held: new Map([['c1', 'was taken out by jane@desk']]) },
      'it was taken out by jane@desk: left to whoever did that',
    ],
    ['was stopped on purpose', { stopped: new Set(['c1']) }, 'it was stopped on purpose: `ctl start c1` starts it again'],
    [
      'has no agent',
      { away: new Map([['web1', 'agent web1 is not connected']]) },
      'agent web1 is not connected: nothing can be done there',
    ],
  ])('does not touch a client that %s, and says why', (_, over, reason) => {
    expect(decide({ c1: DOWN }, over).c1).toMatchObject({
      state: 'critical',
      action: 'none',
      reason: `event 1: no TCP connection; ${reason}`,
    });
  });

  it('starts what was stopped on purpose if it is named', () => {
    expect(actions({ c1: DOWN, c2: DOWN }, { stopped: new Set(['c1']), named: new Set(['c1']) })).toEqual(['start c1']);
  });

  it('touches nothing that stands on a ZEO server which it may not repair, or of which nothing is known', () => {
    expect(actions({ zeo: DOWN, c1: DOWN }, { named: new Set(['c1']) })).toEqual([]);
    expect(decide({ zeo: { state: 'unknown', findings: [finding(null, 'x', 'unmeasured')] }, c1: DOWN }).c1?.reason).toBe(
      'event 1: no TCP connection; nothing is touched that stands on zeo, of which nothing certain is known',
    );
  });

  it('puts what others stand on before them, wherever it stands in the file', () => {
    const [front, back] = [
      aService({ name: 'front', serviceName: 'front' }, { depends: ['back'] }),
      aService({ name: 'back', serviceName: 'back' }),
    ];
    const situated = decideRepair(situation({}, { config: aCluster([front, back], { frontends: [front] }) }));
    expect(situated.map(({ service }) => service)).toEqual(['back', 'front']);
  });

  it('goes by `depends`, and does not go round in circles', () => {
    const db = aService({ name: 'db', serviceName: 'db' });
    const one = aClient({ name: 'c1', serviceName: 'c1' }, { pool: 1, depends: ['db'] });
    const config = aCluster([one, db, zeo], { clients: [one] });
    expect(actions({ db: DOWN, c1: DOWN }, { config })).toEqual(['start db', 'recheck c1']);
    expect(actions({ zeo: DOWN, c1: DOWN }, { config })).toEqual(['start zeo', 'start c1']);
    const round = ['a', 'b'].map((name) => aService({ name, serviceName: name }, { depends: [name === 'a' ? 'b' : 'a'] }));
    expect(() => actions({ a: DOWN, b: DOWN }, { config: aCluster(round) })).not.toThrow();
  });
});

describe('a repair of a client that serves', () => {
  it('does not take the cluster below min_active', () => {
    expect(decide({ c1: event(3), c2: DOWN }, { config: cluster(2) }).c1).toMatchObject({
      action: 'none',
      reason: 'event 3: event 3 was seen; it still serves, without it only 1 would, and min_active is 2',
    });
    expect(actions({ c1: event(3) }, { config: cluster(2) })).toEqual(['restart c1']);
  });

  it('restarts nobody when all of them fail alike: it is not theirs', () => {
    expect(actions({ c1: event(2), c2: event(2), c3: event(2) })).toEqual([]);
    expect(actions({ c1: DOWN, c2: DOWN, c3: DOWN })).toEqual(['start c1', 'start c2', 'start c3']);
  });
});

describe('the brake', () => {
  const MINUTE = 60_000;
  const NOW = 10_000_000;
  const ago = (...minutes: readonly number[]): RepairAttempt[] =>
    minutes.map((one) => ({ service: 'c1', operation: 'op', at: NOW - one * MINUTE, endedAt: NOW - one * MINUTE, failed: false }));
  const after = (...minutes: readonly number[]) => decide({ c1: event(3) }, { attempts: ago(...minutes) }).c1;

  it('doubles the time between two repairs of one service', () => {
    expect(after(0.9)?.action).toBe('none');
    expect(after(1)?.action).toBe('restart');
    expect(after(10, 1.9)?.action).toBe('none');
    expect(after(10, 2)?.action).toBe('restart');
  });

  it('gives up after max_repairs_per_hour, until the hour is over', () => {
    expect(after(59, 50, 40)).toMatchObject({
      action: 'give-up',
      reason:
        'event 3: event 3 was seen; repaired 3 times within an hour, which did not last: given up until 1970-01-01T02:47:40.000Z; ' +
        '`ctl start c1` restarts it all the same',
    });
    expect(after(60, 50, 40)?.action).toBe('restart');
  });

  it('does not hold up others', () => {
    expect(actions({ c1: event(3), c2: DOWN }, { attempts: ago(59, 50, 40) })).toEqual(['start c2', 'give-up c1']);
  });
});

describe('whatever a cluster looks like', () => {
  const kinds = ['well', 'busy', 'unknown', 'down', 1, 2, 3, 4, 5] as const;
  const reportOf = (kind: (typeof kinds)[number]): Partial<ServiceReport> => {
    if (kind === 'well') return {};
    if (kind === 'busy') return { state: 'busy', findings: [finding(5, 'late', 'timeout')] };
    if (kind === 'unknown') return { state: 'unknown', findings: [finding(null, 'x', 'unmeasured')] };
    return kind === 'down' ? DOWN : event(kind);
  };
  const names = ['zeo', 'pound', 'c1', 'c2', 'c3'] as const;

  it('only what is critical is touched, nobody under a ZEO server that is not well before it, and no brake is passed', () => {
    const site = fc.record({
      states: fc.tuple(...names.map(() => fc.constantFrom(...kinds))),
      held: fc.subarray(['c1', 'c2', 'c3']),
      worn: fc.subarray([...names]),
      minActive: fc.nat(3),
    });
    fc.assert(
      fc.property(site, ({ states, held, worn, minActive }) => {
        const bad = Object.fromEntries(names.map((name, i) => [name, reportOf(states[i] ?? 'well')]));
        const attempts = worn.flatMap((service) => [1, 2, 3].map((at) => ({ service, operation: 'op', at, endedAt: at, failed: false })));
        const given = { config: cluster(minActive), held: new Map(held.map((name) => [name, 'was taken out'])), attempts, now: 60_000 };
        const decided = decideRepair(situation(bad, given));
        const touched = decided.filter(({ action }) => ['start', 'restart', 'recheck'].includes(action));
        for (const { service, state, action } of touched) {
          expect(state).toBe('critical');
          expect(held).not.toContain(service);
          expect(worn).not.toContain(service);
          if (service.startsWith('c') && !['well', 'busy'].includes(String(states[0]))) expect(action).toBe('recheck');
        }
        const order = touched.map(({ service }) => service);
        if (order.includes('zeo')) expect(order[0]).toBe('zeo');
      }),
    );
  });
});
