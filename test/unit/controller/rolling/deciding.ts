import { decideStep, decideUnseen, type StepAction, type StepContext } from '../../../../controller/rolling/decide-step.js';
import type { JournalEvent } from '../../../../controller/rolling/events.js';
import type { MemberFacts } from '../../../../controller/rolling/facts.js';
import type { RollPlan } from '../../../../controller/rolling/plan.js';
import { AppError } from '../../../../shared/errors.js';
import type { Connection } from '../../../../shared/model/agent-api.js';
import type { Step } from '../../../../shared/model/operation.js';
import type { ProcessState } from '../../../../shared/model/process.js';
import { after, aPlan, entered, halting, OLD, settled, UNSEEN } from './fixtures.js';

export const S = 1_000;
/** When the step in hand was entered. */
export const T = 1_000_000;
const ALONE = aPlan([['c1']]);
export const STOPPING = aPlan([['c1']], { action: 'stop', steps: ['out', 'drain', 'stop'] });

export const tried = (done: number, error: AppError | null = null): Partial<StepContext> => ({ attempts: { done, error } });
export const AWAY = new AppError('unreachable', 'agent lb1 is not connected');
export const REFUSED = new AppError('failed', 'pound -c said no');
export const context = (over: Partial<StepContext> = {}): StepContext => ({
  now: T,
  attempts: { done: 0, error: null },
  blindMs: 0,
  lostMs: 0,
  ...over,
});
export const at = (seconds: number, over: Partial<StepContext> = {}) => context({ now: T + seconds * S, ...over });

export interface Where {
  readonly plan?: RollPlan;
  readonly over?: Parameters<typeof entered>[3];
  readonly before?: readonly JournalEvent[];
  readonly then?: readonly JournalEvent[];
}
const inStep = (step: Step, { plan = ALONE, over = {}, before = [], then = [] }: Where = {}) =>
  after(plan, ...before, entered(T, 'c1', step, over), ...then);

/** What is done with c1 in this step, once it has been looked at. */
export const decide = (step: Step, facts: Partial<MemberFacts>, ctx = context(), where: Where = {}): StepAction =>
  decideStep(inStep(step, where), 'c1', { ...UNSEEN, ...facts }, ctx);
export const unseen = (step: Step, ctx = context(), where: Where = {}): StepAction | null => decideUnseen(inStep(step, where), 'c1', ctx);

export const running = (process = OLD): ProcessState => ({ state: 'running', process, startedAt: 0 });
export const DOWN: ProcessState = { state: 'down', why: 'exit code 1', failed: false };
export const STARTING: ProcessState = { state: 'starting', why: 'forked' };
export const LOST = { state: 'unknown', why: 'agent web1 is not connected' } as const satisfies ProcessState;
export const connections = (...open: readonly Connection[]): MemberFacts['connections'] => ({ ok: true, connections: open });
export const idle = (silentMs: number | null): Connection => ({ peer: 'lb', silentMs, pending: false });
export const SILENT = connections();
export const HEALTHY = { ok: true } as const;
export const REFUSES = { ok: false, why: 'connection refused' } as const;

export const HALTED = { do: 'enter', step: 'back', detail: 'the operation was stopped' };
export const enter = (step: Step, detail?: string) => ({ do: 'enter', step, ...(detail === undefined ? {} : { detail }) });
export const wait = (why: string) => ({ do: 'wait', why });
export const blind = (why: string) => ({ do: 'wait', why, blind: true });
export const failed = (why: string) => ({ do: 'settle', result: 'failed', why });
export const DONE = { do: 'settle', result: 'done' };
export const OUT = { do: 'set', wanted: 'out' };
export const IN = { do: 'set', wanted: 'in' };
export const STOPPED = halting(T + 1, 'interrupted');
export const OTHER_FAILED = settled(T + 1, 'c2', 'failed');
export const couldNot = (why: string) => enter('back', `could not be taken out of the balancer: ${why}`);
