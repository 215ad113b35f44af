import { describe, expect, it } from 'vitest';
import { createRepairs } from '../../../../controller/keepers/repairs.js';
import type { Observation } from '../../../../controller/incidents/observation.js';
import type { JudgedRound } from '../../../../controller/rolling/preflight-repair.js';
import { AppError } from '../../../../shared/errors.js';
import { createLogger } from '../../../../shared/log.js';
import type { Plan, RunRequest } from '../../../../shared/model/control-api.js';
import type { Incident } from '../../../../shared/model/incident.js';
import type { RepairDecision } from '../../../../shared/model/repair.js';
import { aReport } from '../actions/reports.js';

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
async function round(lasting: readonly Incident[], decisions: readonly RepairDecision[], steps: Plan['steps'] = [], refuse?: AppError) {
  const ran: (readonly [RunRequest, JudgedRound | undefined])[] = [];
  const planned: (JudgedRound | undefined)[] = [];
  const observed: Observation[] = [];
  const repair = createRepairs({
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
  await repair({ reports: [aReport()], lasting, complaints: [] }, new AbortController().signal);
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
    expect(ran).toMatchObject([[{ action: 'repair', selectors: [], by: 'ctl-controller' }, { reports: [{ name: 'client1' }] }]]);
    expect(ran[0]?.[1]?.confirmed).toEqual(new Set(['c1', 'c2']));
  });

  it('there is no operation where nothing can be done', async () => {
    expect((await round([incident({})], [decision({ action: 'none' })])).ran).toEqual([]);
  });

  it('another operation that runs comes first', async () => {
    const refused = round([incident({})], [decision({})], [STEP], new AppError('conflict', 'operation x is running'));
    await expect(refused).resolves.toMatchObject({ ran: [{}] });
    await expect(round([incident({})], [decision({})], [STEP], new AppError('failed', 'no'))).rejects.toThrow('no');
  });

  it('giving up is told once, and settled when the service may be repaired again', async () => {
    const givenUp = decision({ action: 'give-up', reason: 'repaired 3 times within an hour' });
    expect((await round([incident({})], [givenUp])).observed).toMatchObject([
      {
        type: 'trouble',
        trouble: { service: 'c1', kind: 'repair', lasting: true, message: 'c1 is not repaired any more: repaired 3 times within an hour' },
      },
    ]);
    const told = incident({ event: null, kind: 'repair' });
    expect((await round([incident({}), told], [givenUp])).observed).toEqual([]);
    expect((await round([told], [decision({ state: 'well', action: 'none' })])).observed).toMatchObject([
      { type: 'settled', place: { service: 'c1', event: null, kind: 'repair' } },
    ]);
  });
});
