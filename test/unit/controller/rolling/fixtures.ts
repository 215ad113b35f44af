import type { JournalEvent } from '../../../../controller/rolling/events.js';
import type { ClientFacts, MemberFacts } from '../../../../controller/rolling/facts.js';
import type { MemberTiming, PlannedBatch, RollPlan, RollPolicy } from '../../../../controller/rolling/plan.js';
import type { Lease } from '../../../../controller/rolling/lock.js';
import { replay, type Progress } from '../../../../controller/rolling/progress.js';
import { unmeasured } from '../../../../shared/model/observation.js';
import type { Step } from '../../../../shared/model/operation.js';
import { processId } from '../../../../shared/model/process.js';

export const ID = '20260101-000000-0001';
export const FULL: readonly Step[] = ['out', 'drain', 'stop', 'start', 'check', 'warm', 'in'];
const TIMING: MemberTiming = {
  drainMs: 30_000,
  quietMs: 5_000,
  timeToSleepMs: 0,
  startDeadlineMs: 300_000,
  stopDeadlineMs: 120_000,
};

export interface PlanOver extends Partial<Omit<RollPlan, 'policy' | 'batches'>> {
  readonly policy?: Partial<RollPolicy>;
  readonly timing?: Partial<MemberTiming>;
  readonly steps?: readonly Step[];
  /** Services that come before the clients, as batches of their own. */
  readonly roots?: readonly string[];
}

/** A lock that stays ours. */
export const aLease = (over: Partial<Lease> = {}): Lease => ({
  lost: new AbortController().signal,
  confirm: () => Promise.resolve(),
  release: () => Promise.resolve(),
  ...over,
});

/** A plan of these batches of clients, made at 0. */
export function aPlan(batches: readonly (readonly string[])[], over: PlanOver = {}): RollPlan {
  const { policy, timing, steps = FULL, roots = [], ...rest } = over;
  const member = (name: string, of: readonly Step[]) => ({ name, steps: of, timing: { ...TIMING, ...timing } });
  return {
    ...{ id: ID, action: 'start', by: 'alice@web1', at: 0, takeOut: [], warnings: [] },
    ...rest,
    policy: { minActive: 1, guarded: true, maxFail: 0, deadlineMs: null, ...policy },
    batches: [
      ...roots.map((name): PlannedBatch => ({ pool: null, members: [member(name, ['start', 'check'])] })),
      ...batches.map((names): PlannedBatch => ({ pool: 1, members: names.map((name) => member(name, steps)) })),
    ],
  };
}

export const started = (plan: RollPlan): JournalEvent => ({ type: 'started', at: plan.at, plan });
export const attached = (
  at: number,
  why: 'started' | 'restarted' | 'resumed' | 'aborting' = 'started',
  held?: readonly string[],
): JournalEvent => ({ type: 'attached', at, why, held });
export const entered = (
  at: number,
  member: string,
  step: Step,
  over: Partial<Extract<JournalEvent, { type: 'entered' }>> = {},
): JournalEvent => ({
  ...{ type: 'entered', at, member, step },
  ...over,
});
export const settled = (
  at: number,
  member: string,
  result: 'done' | 'failed' | 'untouched' | 'skipped' = 'done',
  why?: string,
): JournalEvent => ({
  ...{ type: 'settled', at, member, result },
  ...(why === undefined ? {} : { why }),
});
export const halting = (at: number, how: 'interrupted' | 'aborted'): JournalEvent => ({ type: 'halting', at, how });

/** The progress of a plan after these events. */
export const after = (plan: RollPlan, ...events: readonly JournalEvent[]): Progress => replay([started(plan), ...events]);

export const SERVING: ClientFacts = { standing: 'in', health: 'passing' };
export const DEAD: ClientFacts = { standing: 'dead', health: 'down' };
export const clientFacts = (facts: Readonly<Record<string, ClientFacts>>): ReadonlyMap<string, ClientFacts> =>
  new Map(Object.entries(facts));

export const OLD = processId(100, 1);
export const NEW = processId(200, 2);

/** What is seen of a member where nothing else is said: nothing is known. */
export const UNSEEN: MemberFacts = {
  standing: 'unknown',
  drift: false,
  aliveIntervalMs: 30_000,
  inFlight: null,
  connections: unmeasured('not looked at'),
  process: { state: 'unknown', why: 'not looked at' },
  health: { ok: false, why: 'not looked at' },
  away: null,
};
