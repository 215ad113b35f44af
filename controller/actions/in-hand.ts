import type { Executor } from '../rolling/executor.js';
import type { Lease } from '../rolling/lock.js';
import { resultOf } from '../rolling/report.js';
import { throwIfAborted } from '../../shared/abort.js';
import { AppError, messageOf } from '../../shared/errors.js';
import type { Log } from '../../shared/log.js';
import type { OperationResult } from '../../shared/model/operation.js';
import type { EventLog } from './event-log.js';
import type { Begun } from './take-in-hand.js';

/** The one operation at a time that a controller has in hand. */
export interface InHand {
  running(): Running | null;
  /** It runs here, or is being looked into before it runs. */
  has(id: string): boolean;
  /**
   * Holds the lock from before `start`, which looks at the cluster, until the operation has ended; if that begins none it is given back.
   * Errors: `conflict` while another one is in hand, those of the lock and of `start`.
   */
  take(id: string, by: string, start: (lease: Lease) => Promise<Begun>): Promise<Running>;
  /** Aborts when the controller stops: the operation stays where it is. */
  readonly stopping: AbortSignal;
  /** Resolves when nothing is in hand any more. */
  stop(): Promise<void>;
}

export interface Running {
  readonly id: string;
  readonly executor: Executor;
  readonly events: EventLog;
  /** Never rejects; the lock is free then. */
  readonly ended: Promise<void>;
}

export interface InHandDeps {
  readonly lock: (what: string, by: string) => Promise<Lease>;
  readonly log: Log;
  /** Told of each end, while the lock is still held. */
  readonly ended?: (result: OperationResult, by: string) => Promise<void>;
  /** Run after each, when the lock is free. Never rejects. */
  readonly afterwards: () => Promise<void>;
}

const STOPPING = new AppError('unreachable', 'the controller is stopping');

export function createInHand(deps: InHandDeps): InHand {
  const { log } = deps;
  const stopping = new AbortController();
  let running: Running | null = null;
  let opening: { readonly id: string; readonly opened: Promise<Running> } | null = null;

  return {
    running: () => running,
    has: (id) => running?.id === id || opening?.id === id,
    stopping: stopping.signal,
    async take(id, by, start) {
      // Its result is out already, and its lock about to be given back.
      if (running !== null && running.executor.progress().finished !== null) await running.ended;
      throwIfAborted(stopping.signal);
      const other = running?.id ?? opening?.id;
      if (other !== undefined)
        throw new AppError('conflict', `operation ${other} is running`, { hint: `ctl operations show ${other} --follow` });
      const opened = open(id, by, start);
      opening = { id, opened };
      try {
        return await opened;
      } finally {
        opening = null;
      }
    },
    async stop() {
      stopping.abort(STOPPING);
      await Promise.allSettled([opening?.opened]);
      await running?.ended;
    },
  };

  async function open(id: string, by: string, start: (lease: Lease) => Promise<Begun>): Promise<Running> {
    const lease = await deps.lock(`operation ${id}`, by);
    try {
      const { executor, events, done } = await start(lease);
      const ended = done
        .then(
          () => null,
          (error: unknown) => unfinished(id, error),
        )
        .then(async (why) => {
          await tellEnd(executor);
          await release(lease);
          await deps.afterwards();
          running = null;
          events.end(why);
        });
      running = { id, executor, events, ended };
      return running;
    } catch (error) {
      await release(lease);
      throw error;
    }
  }

  async function release(lease: Lease): Promise<void> {
    await lease.release().catch((error: unknown) => log.error({ error }, 'the lock could not be given back'));
  }

  async function tellEnd(executor: Executor): Promise<void> {
    const progress = executor.progress();
    if (progress.finished === null) return;
    await deps
      .ended?.(resultOf(progress), progress.plan.by)
      .catch((error: unknown) => log.error({ error }, 'what was done could not be noted'));
  }

  /** What its followers hear instead of a result. */
  function unfinished(id: string, error: unknown): AppError {
    if (stopping.signal.aborted) {
      log.info({ operation: id }, `operation ${id} stays unfinished: the controller is stopping`);
      return STOPPING;
    }
    log.error({ error, operation: id }, `operation ${id} could not go on; it stays unfinished`);
    return new AppError('failed', `operation ${id} could not go on: ${messageOf(error)}`, {
      hint: `it is not finished: ctl operations resume ${id}, or ctl operations abort ${id}`,
      cause: error,
    });
  }
}
