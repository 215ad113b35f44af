import type { OperationSummary } from '../../shared/model/operation.js';

/** Services that are down because somebody wanted it: the last operation on them has stopped them. Oldest operation first. */
export function stoppedBy(operations: readonly OperationSummary[]): ReadonlySet<string> {
  const stopped = new Set<string>();
  for (const { action, done } of operations) {
    if (action === 'rotate') continue;
    for (const name of done) {
      if (action === 'stop') stopped.add(name);
      else stopped.delete(name);
    }
  }
  return stopped;
}
