import type { OperationEvent, OperationResult, PlanStep, Step } from '../../../shared/model/operation.js';

/** What is known of an operation from its events so far; pure, so that every view tells the same story. */
export interface Progress {
  readonly operation: string | null;
  readonly action: string | null;
  readonly startedAt: number;
  /** The controller's clock at the newest event. */
  readonly lastAt: number;
  /** In the order of the plan. */
  readonly members: ReadonlyMap<string, MemberProgress>;
  readonly result: OperationResult | null;
}

export interface MemberProgress {
  readonly state: 'waiting' | 'active' | 'done' | 'failed' | 'skipped';
  /** The step in hand or, after the end, the last one. */
  readonly step: Step | null;
  readonly stepSince: number;
  readonly since: number | null;
  readonly endedAt: number | null;
  readonly finished: readonly { readonly step: Step; readonly ms: number | null }[];
  readonly detail: string | null;
  /** The step with which the plan ends for this member. */
  readonly lastStep: Step | null;
}

export const NO_PROGRESS: Progress = { operation: null, action: null, startedAt: 0, lastAt: 0, members: new Map(), result: null };

export function evolve(progress: Progress, event: OperationEvent): Progress {
  switch (event.type) {
    case 'started':
      return {
        ...progress,
        operation: event.operation,
        action: event.action,
        startedAt: event.at,
        lastAt: event.at,
        members: planned(event.plan),
      };
    case 'step':
      return {
        ...at(progress, event.operation, event.at),
        members: withMember(progress, event.service, (member) => stepped(member, event)),
      };
    case 'note': {
      const { service } = event;
      const next = at(progress, event.operation, event.at);
      if (service === null || progress.members.get(service)?.state !== 'active') return next;
      return { ...next, members: withMember(progress, service, (member) => ({ ...member, detail: event.message })) };
    }
    case 'result':
      return { ...progress, operation: event.result.operation, action: event.result.action, result: event.result };
  }
}

/** Clients that are out, or on their way, at this moment. */
export const inHand = (progress: Progress): string[] =>
  [...progress.members].filter(([, one]) => one.state === 'active').map(([name]) => name);

const UNTOUCHED: MemberProgress = {
  state: 'waiting',
  step: null,
  stepSince: 0,
  since: null,
  endedAt: null,
  finished: [],
  detail: null,
  lastStep: null,
};

function planned(plan: readonly PlanStep[]): Map<string, MemberProgress> {
  const members = new Map<string, MemberProgress>();
  for (const { service, step } of plan) if (service !== null) members.set(service, { ...UNTOUCHED, lastStep: step });
  return members;
}

const at = (progress: Progress, operation: string, time: number): Progress => ({
  ...progress,
  operation,
  lastAt: Math.max(progress.lastAt, time),
});

function withMember(progress: Progress, name: string, change: (member: MemberProgress) => MemberProgress): Map<string, MemberProgress> {
  return new Map(progress.members).set(name, change(progress.members.get(name) ?? UNTOUCHED));
}

function stepped(member: MemberProgress, event: Extract<OperationEvent, { type: 'step' }>): MemberProgress {
  const begun = { ...member, step: event.step, since: member.since ?? event.at, detail: event.detail };
  const failed = member.state === 'failed' || event.step === 'fail';
  if (event.step === 'skip') return { ...begun, state: 'skipped', stepSince: event.at, endedAt: event.at };
  if (event.step === 'fail') return { ...begun, state: 'failed', stepSince: event.at, endedAt: event.at };
  if (event.state === 'begin') return { ...begun, state: failed ? 'failed' : 'active', stepSince: event.at, endedAt: null };
  const finished = [...member.finished, { step: event.step, ms: event.ms }];
  // Before the roll: its turn is still to come.
  if (event.step === 'rotate' && member.lastStep !== 'rotate') return { ...member, finished };
  const ended = event.step === 'in' || event.step === 'back' || event.step === member.lastStep;
  // A member that was put back without its restart is over, but it is not done.
  const state = failed || event.step === 'back' ? 'failed' : ended ? 'done' : 'active';
  return { ...begun, state, finished, endedAt: ended ? event.at : null };
}
