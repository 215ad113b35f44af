import { AppError } from '../../../shared/errors.js';
import type { RunRequest } from '../../../shared/model/control-api.js';
import type { OperationEvent, OperationResult } from '../../../shared/model/operation.js';

export const request = (over: Partial<RunRequest> = {}): RunRequest => ({
  ...{ action: 'start', selectors: [], by: 'alice@web1', force: false, oldForm: false, maxFail: null, batch: null, deadlineS: null },
  ...over,
});

/** Reads a stream to its end. */
export async function all(events: AsyncIterable<OperationEvent>): Promise<OperationEvent[]> {
  const seen: OperationEvent[] = [];
  for await (const event of events) seen.push(event);
  return seen;
}

export function resultIn(events: readonly OperationEvent[]): OperationResult {
  const last = events.at(-1);
  if (last?.type !== 'result') throw new Error(`no result, but ${last?.type ?? 'nothing'}`);
  return last.result;
}

export function idIn(events: readonly OperationEvent[]): string {
  const [first] = events;
  if (first?.type !== 'started') throw new Error(`no start, but ${first?.type ?? 'nothing'}`);
  return first.operation;
}

export const stepsOf = (events: readonly OperationEvent[], service: string, state: 'begin' | 'end' = 'begin') =>
  events.flatMap((event) => (event.type === 'step' && event.service === service && event.state === state ? [event.step] : []));

export const notesIn = (events: readonly OperationEvent[]) => events.flatMap((event) => (event.type === 'note' ? [event.message] : []));

/** What `ctl` is told instead of a result. */
export async function errorOf(work: Promise<unknown>): Promise<Pick<AppError, 'code' | 'message' | 'hint'>> {
  const error: unknown = await work.then(
    () => 'no error',
    (e: unknown) => e,
  );
  if (!(error instanceof AppError)) throw new Error(`no AppError: ${String(error)}`);
  return { code: error.code, message: error.message, hint: error.hint };
}
