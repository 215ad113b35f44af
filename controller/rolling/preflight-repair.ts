import { messageOf } from '../../shared/errors.js';
import { inParallel } from '../../shared/in-parallel.js';
import { selectServices } from '../config/select.js';
import type { ServiceReport } from '../../shared/model/check-report.js';
import type { RunRequest } from '../../shared/model/control-api.js';
import { decideRepair } from './decide-repair.js';
import type { RollWorld } from './observe.js';
import type { RollPlan } from './plan.js';
import { makeRepairPlan } from './plan-repair.js';
import type { RepairAttempt } from './repair-history.js';

const PING_MS = 3_000;

/** What a repair goes by beside the cluster itself. */
export interface RepairRecords {
  readonly attempts: readonly RepairAttempt[];
  /** Services that somebody stopped on purpose. */
  readonly stopped: ReadonlySet<string>;
  /** null: every service is measured now, and one bad answer is enough. */
  readonly judged: JudgedRound | null;
}

/** What a round of the monitor saw of every service, and whose trouble has lasted. */
export interface JudgedRound {
  readonly reports: readonly ServiceReport[];
  readonly confirmed: ReadonlySet<string>;
}

/**
 * Looks at every service and plans what is repaired. Touches nothing. An agent that is away is no error: what it would be needed for is left.
 * Errors: `usage` (unknown names).
 */
export async function preflightRepair(
  world: RollWorld,
  id: string,
  { selectors, by }: RunRequest,
  records: RepairRecords,
  signal: AbortSignal,
): Promise<RollPlan> {
  const config = world.config();
  const named = selectors.length === 0 ? null : new Set(selectServices(config, selectors).map((service) => service.spec.name));
  const [reports, away, states] = await Promise.all([
    records.judged?.reports ?? world.checks.report([...config.services.values()], { path: '', signal }),
    silentHosts(world, signal),
    world.balancers(signal),
  ]);
  const now = world.clock.now();
  const { attempts, stopped, judged } = records;
  const confirmed = judged?.confirmed ?? null;
  const decisions = decideRepair({ config, reports, confirmed, attempts, now, named, away, held: world.held(now), stopped });
  const restarting = [...states].filter(([, state]) => state.ok && state.restarts === true).map(([name]) => name);
  return makeRepairPlan({ id, at: now, by, config, decisions, reports, restarting });
}

/** Why nothing can be asked of a host, by its name. */
async function silentHosts({ config, fleet }: RollWorld, signal: AbortSignal): Promise<Map<string, string>> {
  const hosts = [...new Set([...config().services.values()].map((service) => service.host))];
  const silent = await inParallel(hosts, hosts.length, async (host): Promise<[string, string][]> => {
    try {
      await fleet.agent(host).ping({ timeoutMs: PING_MS, signal });
      return [];
    } catch (error) {
      signal.throwIfAborted();
      return [[host, messageOf(error)]];
    }
  });
  return new Map(silent.flat());
}
