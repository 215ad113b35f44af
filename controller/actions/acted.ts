import type { Incidents } from '../incidents/incidents.js';
import type { OperationResult } from '../../shared/model/operation.js';

/** What an operation did about the trouble of a service stands with it in the history. */
export async function tellActed(incidents: () => Promise<Pick<Incidents, 'observe'>>, result: OperationResult): Promise<void> {
  const { action, operation } = result;
  if (action === 'rotate') return;
  const all = await incidents();
  for (const { name, result: end, why } of result.services) {
    if (end !== 'done' && end !== 'failed') continue;
    const told = end === 'done' ? `${DONE[action] ?? action} (operation ${operation})` : `${action} ${operation} failed: ${why ?? ''}`;
    await all.observe({ type: 'acted', service: name, action: told }, { failures: 1, recoveries: 1, busyRounds: 1 });
  }
}

const DONE: Readonly<Partial<Record<OperationResult['action'], string>>> = {
  start: 'restarted it',
  restart: 'restarted it',
  repair: 'restarted it to repair it',
  stop: 'stopped it',
};
