import type { PlannedBatch } from './plan.js';

/** What it costs that a balancer has to be restarted for each change. */
export function restartsOf(restarting: readonly string[], batches: readonly PlannedBatch[], takeOut: readonly string[]): string[] {
  const changes = batches.map(
    ({ members }) => (['out', 'in'] as const).filter((step) => members.some((m) => m.steps.includes(step))).length,
  );
  const count = changes.reduce((sum, n) => sum + n, takeOut.length);
  if (count === 0) return [];
  return restarting.map(
    (name) =>
      `${name} restarts ${count === 1 ? 'once' : `${count} times`}, since it is told by its file alone: requests in that moment fail`,
  );
}
