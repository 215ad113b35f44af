import { describe, expect, it } from 'vitest';
import type { ClusterConfig } from '../../../../controller/config/cluster.js';
import { planSteps, type RollPlan } from '../../../../controller/rolling/plan.js';
import { makeRepairPlan } from '../../../../controller/rolling/plan-repair.js';
import type { ServiceReport } from '../../../../shared/model/check-report.js';
import type { RepairAction, RepairDecision } from '../../../../shared/model/repair.js';
import { aReport } from '../actions/reports.js';
import { aClient, aCluster, aPolicy, aService } from '../checks/fixtures.js';
import { FULL } from './fixtures.js';

const zeo = aService({ name: 'zeo', type: 'ZeoServer', serviceName: 'zeo' });
const CLIENTS = ['c1', 'c2', 'c3'].map((name) => aClient({ name, serviceName: name }, { pool: 1 }));
const cluster = (minActive = 1): ClusterConfig => aCluster([zeo, ...CLIENTS], { clients: CLIENTS, cluster: aPolicy({ minActive }) });

const decisions = (actions: Readonly<Record<string, RepairAction>>): RepairDecision[] =>
  Object.entries(actions).map(([service, action]) => ({ service, state: 'critical', action, reason: '' }));
const report = (name: string, ...events: readonly (1 | 3)[]): ServiceReport =>
  aReport({ name, findings: events.map((event) => ({ event, kind: 'tcp', message: '', expected: null, got: null })) });

function plan(
  actions: Parameters<typeof decisions>[0],
  reports: readonly ServiceReport[] = [],
  config = cluster(),
  restarting = ['pound'],
): RollPlan {
  const all = CLIENTS.map(({ spec: { name } }) => reports.find((one) => one.name === name) ?? report(name));
  return makeRepairPlan({ id: 'id', at: 0, by: 'a@b', config, decisions: decisions(actions), reports: all, restarting });
}
const batches = (made: RollPlan) =>
  made.batches.map(({ members }) => members.map(({ name, steps }) => `${name}: ${steps.join(' ')}`).join(', '));

describe('the plan of a repair', () => {
  it('starts what is down, restarts what runs, and takes clients one at a time through the balancer', () => {
    expect(batches(plan({ zeo: 'start', c1: 'restart', c2: 'none', c3: 'recheck' }))).toEqual([
      'zeo: start check',
      `c1: ${FULL.join(' ')}`,
      `c3: ${FULL.join(' ')}`,
    ]);
    expect(batches(plan({ zeo: 'restart' }))).toEqual(['zeo: stop start check']);
    expect(plan({ c1: 'restart' }).policy).toMatchObject({ guarded: true, minActive: 1, maxFail: 0 });
  });

  it('looks again at a client whose answer was bad, not at one that leaks; both wait for their ZEO server', () => {
    const members = plan({ zeo: 'start', c1: 'recheck', c2: 'recheck' }, [report('c1', 1), report('c2', 3)]).batches.flatMap(
      (b) => b.members,
    );
    expect(members.map((member) => member.repair)).toEqual([
      undefined,
      { unlessWell: true, after: ['zeo'] },
      { unlessWell: false, after: ['zeo'] },
    ]);
  });

  it('takes those out that it has given up, where enough others serve', () => {
    expect(plan({ c1: 'give-up' }).takeOut).toEqual(['c1']);
    expect(plan({ c1: 'give-up' }, [], cluster(3)).takeOut).toEqual([]);
    expect(plan({ c1: 'give-up', c2: 'give-up', c3: 'give-up' }).takeOut).toEqual([]);
    expect(plan({ c1: 'give-up' }, [aReport({ name: 'c1', balancer: 'out' })]).takeOut).toEqual([]);
  });

  it('says what it costs where each change restarts the balancer, and is empty where nothing is to be done', () => {
    expect(plan({ c1: 'restart' }).warnings).toEqual([
      'pound restarts 2 times, since it is told by its file alone: requests in that moment fail',
    ]);
    expect(planSteps(plan({ c1: 'none', zeo: 'none' }))).toEqual([]);
  });
});
