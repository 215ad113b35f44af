import type { RollWorld } from '../rolling/observe.js';
import { planSteps, type RollPlan } from '../rolling/plan.js';
import type { Plan } from '../../shared/model/control-api.js';

/** A plan as it is shown, with what it would interrupt now: clients that run, and caches that would be away. */
export async function planned(world: RollWorld, plan: RollPlan, signal: AbortSignal): Promise<Plan> {
  const shown = { steps: planSteps(plan), warnings: plan.warnings };
  if (plan.action === 'repair') return { ...shown, interrupts: [], decisions: plan.decisions };
  if (plan.action === 'purge') {
    return { ...shown, interrupts: (plan.purge ?? []).flatMap(({ service, awayS }) => (awayS === null ? [] : [service])) };
  }
  const interrupts = [];
  for (const { name, steps } of plan.batches.flatMap((batch) => batch.members))
    if (steps.includes('stop') && (await isRunning(world, name, signal))) interrupts.push(name);
  return { ...shown, interrupts };
}

async function isRunning({ fleet, config }: RollWorld, name: string, signal: AbortSignal): Promise<boolean> {
  const host = config().services.get(name)?.host ?? '';
  const { state } = await fleet.agent(host).process(name, { timeoutMs: 5_000, signal });
  return state !== 'down';
}
