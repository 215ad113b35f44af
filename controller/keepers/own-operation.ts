import { AppError } from '../../shared/errors.js';
import type { RunRequest } from '../../shared/model/control-api.js';
import type { OperationEvent, OperationResult } from '../../shared/model/operation.js';

/** An operation that nobody typed: without the liberties that an operator can take. */
export const ownRequest = (request: Pick<RunRequest, 'action' | 'selectors' | 'by'>): RunRequest => ({
  ...{ force: false, oldForm: false, maxFail: null, batch: null, deadlineS: null },
  ...request,
});

/** How an operation ended, from its events. Rejects as they do. */
export async function awaitResult(events: AsyncIterable<OperationEvent>): Promise<OperationResult> {
  for await (const event of events) if (event.type === 'result') return event.result;
  throw new AppError('unreachable', 'the operation has no end');
}
