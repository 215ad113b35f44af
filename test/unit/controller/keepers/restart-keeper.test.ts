import { describe, expect, it } from 'vitest';
import { startRestartKeeper } from '../../../../controller/keepers/restart-keeper.js';
import type { TimeOfDay } from '../../../../controller/config/cluster.js';
import type { Observation } from '../../../../controller/incidents/observation.js';
import { AppError } from '../../../../shared/errors.js';
import { createLogger } from '../../../../shared/log.js';
import type { ServiceReport } from '../../../../shared/model/check-report.js';
import type { RunRequest } from '../../../../shared/model/control-api.js';
import type { OperationEvent } from '../../../../shared/model/operation.js';
import type { Clock } from '../../../../shared/ports/clock.js';
import { aCluster, aPolicy, aService } from '../checks/fixtures.js';
import { aReport } from '../actions/reports.js';

const at = (hour: number, minute: number): number => new Date(2026, 2, 5, hour, minute).getTime();
const NIGHTLY: TimeOfDay = { hour: 4, minute: 0, days: [] };

interface Night {
  readonly reports?: readonly ServiceReport[];
  readonly restartAt?: TimeOfDay | null;
  readonly hours?: number;
  readonly refuse?: AppError;
}

/** Lets a night pass from 03:00 on, and tells when what was rolled, and what became an incident. */
async function pass({ reports = [aReport()], restartAt = NIGHTLY, hours = 2, refuse }: Night = {}) {
  const rolled: string[] = [];
  const observed: Observation[] = [];
  const [from, until] = [at(3, 0), at(3, 0) + hours * 3_600_000];
  let now = from;
  let over: () => void = () => undefined;
  const ended = new Promise<void>((resolve) => (over = resolve));
  const clock: Clock = {
    now: () => now,
    async sleep(ms, signal) {
      now += ms;
      if (now < until) return;
      over();
      await new Promise((_, reject) => signal.addEventListener('abort', reject, { once: true }));
    },
  };
  async function* run(request: RunRequest): AsyncIterable<OperationEvent> {
    rolled.push(`${new Date(now).toTimeString().slice(0, 5)} ${request.action} by ${request.by}`);
    if (refuse !== undefined) throw refuse;
    const result = { operation: 'id', action: 'restart', outcome: 'completed', exit: 0, seconds: 1, why: null, services: [] } as const;
    yield { type: 'result', result };
  }
  const keeper = startRestartKeeper({
    ...{ config: () => aCluster([aService()], { cluster: aPolicy({ restartAt }) }), checks: { report: async () => [...reports] }, clock },
    operations: { run },
    incidents: async () => ({ observe: async (one) => void observed.push(one) }),
    log: createLogger({ name: 'test', level: 'error', write: () => undefined }),
  });
  await ended;
  await keeper.stop();
  const told = observed.flatMap((one) => (one.type === 'trouble' ? [`${one.trouble.kind}: ${one.trouble.message}`] : []));
  return { rolled, told };
}

describe('a controller with restart_at', () => {
  it('rolls once at that time, each day', async () => {
    expect(await pass()).toEqual({ rolled: ['04:00 restart by restart_at'], told: [] });
    expect((await pass({ hours: 26 })).rolled).toHaveLength(2);
    expect((await pass({ restartAt: null })).rolled).toEqual([]);
  });

  it.each([
    ['critical', aReport({ state: 'critical', findings: [{ event: 2, kind: 'http', message: 'm', expected: null, got: null }] })],
    ['unknown', aReport({ state: 'unknown', findings: [{ event: null, kind: 'unmeasured', message: 'm', expected: null, got: null }] })],
  ])('leaves it out, with an incident, while a service is %s', async (state, report) => {
    expect(await pass({ reports: [aReport(), report] })).toEqual({
      rolled: [],
      told: [`roll: the roll of restart_at was skipped: not everything is well: client1 is ${state}`],
    });
  });

  it('leaves it out, with an incident, while another operation runs', async () => {
    expect(await pass({ refuse: new AppError('conflict', 'operation x is running') })).toEqual({
      rolled: ['04:00 restart by restart_at'],
      told: ['roll: the roll of restart_at was skipped: operation x is running'],
    });
  });
});
