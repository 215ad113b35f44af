import { expect, it } from 'vitest';
import { tellActed } from '../../../../controller/actions/acted.js';
import type { Observation } from '../../../../controller/incidents/observation.js';
import type { MemberResult, OperationResult } from '../../../../shared/model/operation.js';

const member = (name: string, result: MemberResult['result'], why: string | null = null): MemberResult => ({
  ...{ name, result, why, lastLogEntry: null, stepsMs: {} },
});

/** What stands with the trouble of each service after an operation. */
async function told(action: OperationResult['action'], services: readonly MemberResult[]): Promise<Observation[]> {
  const observed: Observation[] = [];
  const result: OperationResult = { operation: 'x-1', action, outcome: 'completed', exit: 0, seconds: 1, why: null, services };
  await tellActed(async () => ({ observe: async (one) => void observed.push(one) }), result);
  return observed;
}

it('whoever reads of trouble reads what was done to the service, and by which operation', async () => {
  const services = [member('c1', 'done'), member('c2', 'failed', 'no answer'), member('c3', 'skipped'), member('c4', 'untouched')];
  expect(await told('repair', services)).toEqual([
    { type: 'acted', service: 'c1', action: 'restarted it to repair it (operation x-1)' },
    { type: 'acted', service: 'c2', action: 'repair x-1 failed: no answer' },
  ]);
});

it('a rotation is nothing that was done about trouble', async () => {
  expect(await told('rotate', [member('c1', 'done')])).toEqual([]);
});
