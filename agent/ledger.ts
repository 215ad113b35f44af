import { join } from 'node:path';
import { AppError, ERROR_CODES, toAppError, type ErrorCode } from '../shared/errors.js';
import { openCompactedLog } from '../shared/ports/compacted-log.js';

/** Remembers on disk which commands were carried out, and how they ended. */
export interface Ledger {
  /**
   * Performs a command once. The same id again (at the same time, later, after a restart) answers the same result or the same error
   * and does nothing. Without an end on record (we died in the middle, it was cancelled or timed out, somebody could not be reached) it is
   * performed again.
   * A result must survive JSON.
   */
  once<T>(commandId: string, perform: () => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

/** Errors: `failed` if the file is there and cannot be used: an empty start could do a command twice. */
export async function openLedger(stateDir: string, options: { readonly keep?: number } = {}): Promise<Ledger> {
  const { keep = DEFAULT_KEEP } = options;
  const path = join(stateDir, 'commands.jsonl');
  const ended = new Map<string, End>();
  const running = new Map<string, Promise<unknown>>();
  const log = await openCompactedLog<Line>(path, {
    parse: (value) => (isLine(value) ? value : null),
    learn: (line) => {
      if (line.state !== 'begun') remember(line);
    },
    known: () => ended.values(),
    mostLines: keep * 5,
    hint: `see that no operation is running, then move ${path} away`,
  });

  return {
    async once<T>(commandId: string, perform: () => Promise<T>): Promise<T> {
      const other = running.get(commandId);
      if (other !== undefined) return (await other) as T;
      const end = ended.get(commandId);
      if (end !== undefined) return outcomeOf(end) as T;
      const work = carryOut(commandId, perform).finally(() => running.delete(commandId));
      running.set(commandId, work);
      return work;
    },
    async close() {
      await Promise.allSettled(running.values());
      await log.close();
    },
  };

  async function carryOut<T>(id: string, perform: () => Promise<T>): Promise<T> {
    await log.append({ id, state: 'begun' });
    try {
      const result = await perform();
      await finish({ id, state: 'done', ...(result === undefined ? {} : { result }) });
      return result;
    } catch (error) {
      const failure = toAppError(error, 'internal', 'the command failed');
      if (!INCONCLUSIVE.has(failure.code))
        await finish({ id, state: 'failed', error: { code: failure.code, message: failure.message, hint: failure.hint } });
      throw failure;
    }
  }

  /** Nobody is answered by it before it is on the disk: until then the command is running. */
  async function finish(end: End): Promise<void> {
    remember(end);
    try {
      await log.append(end);
    } catch (error) {
      ended.delete(end.id);
      throw error;
    }
  }

  function remember(end: End): void {
    ended.set(end.id, end);
    for (const id of ended.keys()) {
      if (ended.size <= keep) break;
      ended.delete(id);
    }
  }
}

/**
 * The caller went away or gave up in the middle, or a service manager did not answer for a moment: what the command did is not known, so doing it
 * again is the answer.
 */
const INCONCLUSIVE: ReadonlySet<ErrorCode> = new Set<ErrorCode>(['cancelled', 'timeout', 'unreachable']);
/** A command that is asked for again is one whose answer was lost a moment ago: a thousand commands back is far enough. */
const DEFAULT_KEEP = 1000;

type End =
  | { readonly id: string; readonly state: 'done'; readonly result?: unknown }
  | {
      readonly id: string;
      readonly state: 'failed';
      readonly error: { readonly code: ErrorCode; readonly message: string; readonly hint?: string | undefined };
    };
type Line = { readonly id: string; readonly state: 'begun' } | End;

function outcomeOf(end: End): unknown {
  if (end.state === 'done') return end.result;
  throw new AppError(end.error.code, end.error.message, { hint: end.error.hint });
}

function isLine(value: unknown): value is Line {
  if (typeof value !== 'object' || value === null) return false;
  const { id, state, error } = value as Record<string, unknown>;
  if (typeof id !== 'string') return false;
  if (state !== 'failed') return state === 'begun' || state === 'done';
  if (typeof error !== 'object' || error === null) return false;
  const { code, message } = error as Record<string, unknown>;
  return typeof message === 'string' && ERROR_CODES.some((known) => known === code);
}
