import { describe, expect, it } from 'vitest';
import type { MonitorConfig } from '../../../../controller/config/cluster.js';
import { createRepairs } from '../../../../controller/keepers/repairs.js';
import type { Observation } from '../../../../controller/incidents/observation.js';
import type { JudgedRound } from '../../../../controller/rolling/preflight-repair.js';
import { AppError } from '../../../../shared/errors.js';
import { createLogger } from '../../../../shared/log.js';
import type { Plan, RunRequest } from '../../../../shared/model/control-api.js';
import type { Incident } from '../../../../shared/model/incident.js';
import type { RepairDecision } from '../../../../shared/model/repair.js';
import type { Standing } from '../../../../shared/model/balancer.js';
import { aReport } from '../actions/reports.js';
import { aClient, aCluster } from '../checks/fixtures.js';

const incident = (over: Partial<Incident>): Incident => ({
  ...{ id: 'i', service: 'c1', host: null, event: 1, kind: 'tcp', message: 'm', expected: null, got: null, logEntry: null },
  ...{ first: 0, last: 0, count: 1, ended: null, action: null },
  ...over,
});
const decision = (over: Partial<RepairDecision>): RepairDecision => ({
  ...{ service: 'c1', state: 'critical', action: 'restart', reason: 'event 1' },
  ...over,
});
const STEP = { step: 'start', service: 'c1', batch: 1, pool: 1, detail: null } as const;

/** A round of the monitor with these incidents, when a repair would decide this. */
async function round(
  lasting: readonly Incident[],
  decisions: readonly RepairDecision[],
  steps: Plan['steps'] = [],
  over: {
    readonly refuse?: AppError;
    readonly action?: 'check';
    readonly standing?: Standing;
    readonly held?: boolean;
    readonly silent?: boolean;
  } = {},
) {
  const { refuse, action = 'repair', standing = 'in', held = false, silent = false } = over;
  const ran: (readonly [RunRequest, JudgedRound | undefined])[] = [];
  const planned: (JudgedRound | undefined)[] = [];
  const observed: Observation[] = [];
  const monitor: MonitorConfig = { ...aCluster([]).monitor, action };
  const repair = createRepairs({
    config: () => aCluster([aClient({ name: 'c1' })], { monitor }),
    holds: { of: (service) => (held ? { service, by: 'jane@desk', until: null, reason: null, since: 0 } : undefined) },
    operations: {
      async plan(_request, _signal, judged) {
        planned.push(judged);
        return { steps, warnings: [], interrupts: [], decisions };
      },
      async *run(request, _signal, judged) {
        ran.push([request, judged]);
        if (refuse !== undefined) throw refuse;
        yield* [];
      },
    },
    incidents: async () => ({ observe: async (one) => void observed.push(one) }),
    log: createLogger({ name: 'test', level: 'error', write: () => undefined }),
  });
  await repair(
    { reports: [aReport(), aReport({ name: 'c1', balancer: standing })], lasting, complaints: [], silent: new Set(silent ? ['c1'] : []) },
    new AbortController().signal,
  );
  return { ran, planned, observed };
}

describe('after a round of the monitor', () => {
  it('nothing is looked into while nothing lasts', async () => {
    expect(await round([], [decision({})], [STEP])).toEqual({ ran: [], planned: [], observed: [] });
  });

  it('what has lasted is repaired by what was judged, and what has not is told apart', async () => {
    const lasting = [
      incident({}),
      incident({ service: 'c2', event: null, kind: 'process' }),
      incident({ service: 'c3', event: null, kind: 'zeo' }),
    ];
    const { ran } = await round(lasting, [decision({})], [STEP]);
    expect(ran).toMatchObject([
      [{ action: 'repair', selectors: [], by: 'ctl-controller' }, { reports: [{ name: 'client1' }, { name: 'c1' }] }],
    ]);
    expect(ran[0]?.[1]?.confirmed).toEqual(new Set(['c1', 'c2']));
  });

  it('what was seen of a service while an operation worked on it is no reason to restart it once more', async () => {
    expect((await round([incident({})], [decision({})], [STEP], { silent: true })).planned).toEqual([]);
    const { planned } = await round([incident({}), incident({ service: 'c2' })], [], [], { silent: true });
    expect(planned[0]?.confirmed).toEqual(new Set(['c2']));
  });

  it('there is no operation where nothing can be done', async () => {
    expect((await round([incident({})], [decision({ action: 'none' })])).ran).toEqual([]);
  });

  it('another operation that runs comes first', async () => {
    const refused = round([incident({})], [decision({})], [STEP], { refuse: new AppError('conflict', 'operation x is running') });
    await expect(refused).resolves.toMatchObject({ ran: [{}] });
    await expect(round([incident({})], [decision({})], [STEP], { refuse: new AppError('failed', 'no') })).rejects.toThrow('no');
  });

  it('giving up is told once, and settled when the service may be repaired again', async () => {
    const givenUp = decision({ action: 'give-up', reason: 'repaired 3 times within an hour' });
    expect((await round([incident({})], [givenUp])).observed).toMatchObject([
      {
        type: 'trouble',
        trouble: { service: 'c1', kind: 'repair', lasting: true, message: 'c1 is not repaired any more: repaired 3 times within an hour' },
      },
      { type: 'acted', service: 'c1', action: 'gave up repairing it' },
    ]);
    const out = { ...STEP, step: 'out' } as const;
    expect((await round([incident({})], [givenUp], [out])).observed).toMatchObject([
      { trouble: { host: 'web1' } },
      { type: 'acted', action: 'gave up repairing it, and takes it out of the balancer' },
    ]);
    const told = incident({ event: null, kind: 'repair' });
    expect((await round([incident({}), told], [givenUp])).observed).toEqual([]);
    expect((await round([told], [decision({ state: 'well', action: 'none' })])).observed).toMatchObject([
      { type: 'settled', place: { service: 'c1', event: null, kind: 'repair' } },
    ]);
  });

  describe('a client whose repair was given up', () => {
    const told = incident({ event: null, kind: 'repair' });
    const settled = [{ type: 'settled', place: { service: 'c1', kind: 'repair' } }];

    it.each(['repair', 'check'] as const)('is not forgotten while it is out of the balancer, with action = %s', async (action) => {
      const over = { standing: 'out', ...(action === 'check' ? { action } : {}) } as const;
      const { ran, observed } = await round([told], [], [], over);
      const message =
        'c1 is still out of the balancer, which it left when its repair was given up: `ctl balancer in c1` lets it in, `ctl start c1` restarts it first';
      expect({ ran, observed }).toMatchObject({ ran: [], observed: [{ type: 'trouble', trouble: { message, lasting: true } }] });
      expect((await round([{ ...told, message }], [], [], over)).observed).toEqual([]);
    });

    it('is over where it is in again, where nobody repairs any more, and where somebody holds it out', async () => {
      expect((await round([told], [])).observed).toMatchObject(settled);
      expect((await round([told], [], [STEP], { action: 'check' })).observed).toMatchObject(settled);
      expect((await round([told], [], [], { standing: 'out', held: true })).observed).toMatchObject(settled);
    });

    it('leaves the balancer as soon as it can, and that is told', async () => {
      const out = { ...STEP, step: 'out' } as const;
      expect((await round([incident({}), told], [decision({ action: 'give-up' })], [out])).observed).toEqual([
        { type: 'acted', service: 'c1', action: 'gave up repairing it, and takes it out of the balancer' },
      ]);
    });

    it('stays as it is while nobody knows how it is, or how it stands', async () => {
      expect((await round([told], [decision({ state: 'unknown', action: 'none' })])).observed).toEqual([]);
      expect((await round([told], [], [], { silent: true })).observed).toEqual([]);
      expect((await round([told], [], [], { standing: 'unknown' })).observed).toEqual([]);
    });
  });

  it('nothing is repaired where the monitor only watches', async () => {
    expect((await round([incident({})], [decision({})], [STEP], { action: 'check' })).ran).toEqual([]);
  });
});
