import { expect, it } from 'vitest';
import { stoppedBy } from '../../../../controller/actions/stopped.js';
import type { OperationSummary } from '../../../../shared/model/operation.js';

const ID = '20261116-120000-0001';
const operation = (action: OperationSummary['action'], done: readonly string[], failed: readonly string[] = []): OperationSummary => ({
  id: ID,
  action,
  state: 'completed',
  started: 0,
  ended: 1,
  by: 'nina@admin',
  done,
  failed,
  untouched: [],
});

it('a service is down on purpose from the operation that stopped it to the next one that starts it', () => {
  expect(stoppedBy([operation('stop', ['client1', 'client2']), operation('start', ['client1'])])).toEqual(new Map([['client2', ID]]));
});

it('a service that could not be stopped is not down on purpose, and neither a rotation nor a purge changes anything', () => {
  const others = [operation('rotate', ['client1']), operation('purge', ['client1'])];
  expect(stoppedBy([operation('stop', ['client1'], ['client2']), ...others])).toEqual(new Map([['client1', ID]]));
});
