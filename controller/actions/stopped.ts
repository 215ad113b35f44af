import type { OperationSummary } from '../../shared/model/operation.js';

/** Services that are down because somebody wanted it, with the last operation on them: it has stopped them. Oldest operation first. */
export function stoppedBy(operations: readonly OperationSummary[]): ReadonlyMap<string, string> {
  const stopped = new Map<string, string>();
  for (const { id, action, done } of operations) {
    // A cache that did not run is purged, and still does not.
    if (action === 'rotate' || action === 'purge') continue;
    for (const name of done) {
      if (action === 'stop') stopped.set(name, id);
      else stopped.delete(name);
    }
  }
  return stopped;
}
