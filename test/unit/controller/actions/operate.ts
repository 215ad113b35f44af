import { createOperations, type Operations } from '../../../../controller/actions/operations.js';
import { type JournalStore } from '../../../../controller/rolling/journal.js';
import type { Lease } from '../../../../controller/rolling/lock.js';
import type { RollWorld } from '../../../../controller/rolling/observe.js';
import { AppError } from '../../../../shared/errors.js';
import { createLogger } from '../../../../shared/log.js';
import type { AgentApi } from '../../../../shared/model/agent-api.js';
import type { RunRequest } from '../../../../shared/model/control-api.js';
import type { OperationEvent, OperationResult } from '../../../../shared/model/operation.js';
import { type ProcessId, processId } from '../../../../shared/model/process.js';
import { aCluster, aFleet, aService, fakeClock, never } from '../checks/fixtures.js';
import { aLease } from '../rolling/fixtures.js';

export const request: RunRequest = {
  ...{ action: 'start', selectors: ['squid'], by: 'alice@web1', force: false, oldForm: false, maxFail: null, batch: null, deadlineS: null },
};

export interface Given {
  readonly agent?: Partial<AgentApi>;
  readonly journals: JournalStore;
  readonly release?: Lease['release'];
  readonly lease?: Partial<Lease>;
  readonly ended?: (result: OperationResult) => Promise<void>;
  readonly resumesByItself?: boolean;
}

/** Operations on a cluster of one proxy, which restarts in no time. */
export function operateOn({ agent, journals, release = async () => undefined, resumesByItself = true, lease = {}, ended }: Given) {
  const squid = aService({ name: 'squid', type: 'Squid', serviceName: 'squid' });
  let process: ProcessId | null = processId(1, 1);
  const state = async () =>
    process === null ? ({ state: 'down', why: 'gone', failed: false } as const) : ({ state: 'running', process, startedAt: 0 } as const);
  const usual: Partial<AgentApi> = {
    ping: async () => ({ name: 'web1', version: '1', at: 0 }),
    process: state,
    async start() {
      process ??= processId(2, 2);
      return await state();
    },
    async stop() {
      process = null;
      return { how: 'stopped', ms: 1 };
    },
    log: async () => ({ ok: false, why: 'no log' }),
  };
  const world: RollWorld = {
    config: () => aCluster([squid], { frontends: [squid] }),
    fleet: aFleet({ web1: { ...usual, ...agent } }),
    checks: {
      answers: async () => ({ ok: true, ms: 1 }),
      health: async () => ({ ok: true, status: 200, ms: 1, bytes: 1 }),
      warm: async () => [],
      report: async () => [],
    },
    clock: fakeClock(Date.UTC(2026, 0, 1)),
    held: () => new Map(),
    balancers: async () => new Map(),
  };
  const lines: { level: string; msg: string }[] = [];
  const log = createLogger({ name: 'test', level: 'info', write: (line) => lines.push(JSON.parse(line) as (typeof lines)[number]) });
  const locks: string[] = [];
  const lock = async (what: string, by: string): Promise<Lease> => {
    locks.push(`${what} by ${by}`);
    return aLease({ release, ...lease });
  };
  return {
    operations: createOperations({ world, journals, lock, log, resumesByItself, ...(ended === undefined ? {} : { ended }) }),
    lines,
    locks,
  };
}

export async function all(events: AsyncIterable<OperationEvent>): Promise<OperationEvent[]> {
  const seen: OperationEvent[] = [];
  for await (const event of events) seen.push(event);
  return seen;
}
export const outcome = async (events: AsyncIterable<OperationEvent>) => {
  const last = (await all(events)).at(-1);
  return last?.type === 'result' ? last.result.outcome : last?.type;
};
export async function errorOf(work: Promise<unknown>): Promise<Pick<AppError, 'code' | 'message' | 'hint'>> {
  const error: unknown = await work.catch((e: unknown) => e);
  if (!(error instanceof AppError)) throw new Error(`no AppError: ${String(error)}`);
  return { code: error.code, message: error.message, hint: error.hint };
}
export const state = async (operations: Operations) => (await operations.operations(never)).map((one) => `${one.id} ${one.state}`);
