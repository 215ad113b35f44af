import type { ServiceReport } from '../../shared/model/check-report.js';
import type { RepairDecision } from '../../shared/model/repair.js';
import type { Client, ClusterConfig, Service } from '../config/cluster.js';
import type { PlannedBatch, RepairCondition, RollPlan } from './plan.js';
import { alone, clientSteps, drainOf, member } from './plan-members.js';
import { restartsOf } from './plan-restarts.js';
import { standsOn } from './roots.js';

export interface RepairPlanInput {
  readonly id: string;
  readonly at: number;
  readonly by: string;
  readonly config: ClusterConfig;
  /** In the order in which they are carried out. */
  readonly decisions: readonly RepairDecision[];
  readonly reports: readonly ServiceReport[];
  /** The balancers that each change of a backend restarts. */
  readonly restarting: readonly string[];
}

/** What a repair does, one service at a time, by the machinery of every roll. */
export function makeRepairPlan(input: RepairPlanInput): RollPlan {
  const { config, decisions } = input;
  const reports = new Map(input.reports.map((report) => [report.name, report]));
  const touched = new Set(decisions.filter(({ action }) => ['start', 'restart', 'recheck'].includes(action)).map((d) => d.service));
  const batches = decisions.flatMap((decision): PlannedBatch[] => {
    const service = config.services.get(decision.service);
    if (service === undefined || !touched.has(decision.service)) return [];
    const client = config.clients.find((one) => one === service);
    if (client !== undefined) return [batchOf(client, input, reports, touched)];
    return [alone(service, decision.action === 'start' ? ['start', 'check'] : ['stop', 'start', 'check'])];
  });
  const takeOut = givenUp(input, reports);
  const balanced = config.clients.filter((client) => standingOf(client, reports) !== 'none');
  const { minActive, maxFail } = config.cluster;
  return {
    ...{ id: input.id, action: 'repair', by: input.by, at: input.at, batches, takeOut, decisions },
    policy: { minActive, guarded: balanced.length > 1, maxFail, deadlineMs: null },
    warnings: restartsOf(input.restarting, batches, takeOut),
  };
}

function batchOf(
  client: Client,
  { config }: RepairPlanInput,
  reports: ReadonlyMap<string, ServiceReport>,
  touched: ReadonlySet<string>,
): PlannedBatch {
  const repair: RepairCondition = {
    unlessWell: isAboutItsAnswer(reports.get(client.spec.name)),
    after: standsOn(config, client).flatMap(({ spec: { name } }) => (touched.has(name) ? [name] : [])),
  };
  const steps = clientSteps('repair', standingOf(client, reports), false);
  return { pool: client.pool, members: [{ ...member(client, steps, drainOf(config)), repair }] };
}

/** Its memory and its log do not mend themselves; a bad answer may. */
const isAboutItsAnswer = (report: ServiceReport | undefined): boolean =>
  report?.findings.every(({ event }) => event !== 3 && event !== 4) ?? true;

/** Those that nobody repairs any more leave the balancer, where enough others serve. */
function givenUp({ config, decisions }: RepairPlanInput, reports: ReadonlyMap<string, ServiceReport>): string[] {
  const gone = decisions.filter((decision) => decision.action === 'give-up').map((decision) => decision.service);
  const others = config.clients.filter(({ spec: { name } }) => !gone.includes(name));
  const serving = others.filter(({ spec: { name } }) => reports.get(name)?.balancer === 'in' && reports.get(name)?.http?.ok === true);
  if (serving.length < Math.max(1, config.cluster.minActive)) return [];
  const isIn = (service: Service) => ['in', 'dead'].includes(reports.get(service.spec.name)?.balancer ?? '');
  return config.clients.filter((client) => gone.includes(client.spec.name) && isIn(client)).map((client) => client.spec.name);
}

const standingOf = (client: Client, reports: ReadonlyMap<string, ServiceReport>): ServiceReport['balancer'] =>
  client.pool === 0 ? 'none' : (reports.get(client.spec.name)?.balancer ?? 'unknown');
