import { AppError } from '../../shared/errors.js';
import type { Step } from '../../shared/model/operation.js';
import type { ProcessId } from '../../shared/model/process.js';
import type { JournalEvent } from './events.js';
import type { HookName, PlannedMember, RollPlan } from './plan.js';

/** The state of a run: its journal, folded. */
export interface Progress {
  readonly plan: RollPlan;
  readonly members: ReadonlyMap<string, MemberProgress>;
  readonly takenOut: ReadonlySet<string>;
  readonly rotations: ReadonlyMap<string, TaskProgress>;
  readonly purges: ReadonlyMap<string, TaskProgress>;
  /** Epoch ms since which nothing was in hand: patience between batches counts from here. */
  readonly idleSince: number;
  /** Epoch ms from which the deadline of the run counts: it does not run on while no controller is there, and begins anew when resumed. */
  readonly deadlineFrom: number;
  /** Epoch ms of the last event. */
  readonly lastAt: number;
  /** Time in which a controller was at it, ms. */
  readonly workedMs: number;
  /** By hook and member, see `hookKey`. */
  readonly hooks: ReadonlyMap<string, HookProgress>;
  /** The clients behind the canaries may go. */
  readonly continued: boolean;
  readonly halting: 'interrupted' | 'aborted' | null;
  readonly finished: Extract<JournalEvent, { type: 'finished' }> | null;
}

export interface HookProgress {
  readonly hook: HookName;
  readonly state: 'begin' | 'end';
  readonly error: string | null;
}

export const hookKey = (hook: HookName, member: string | null): string => `${hook} ${member ?? ''}`;

/** What is done with one service beside the roll: its logs are rotated, its cache is purged. `ms` null: under way. */
export interface TaskProgress {
  readonly since: number;
  readonly ms: number | null;
  readonly error: string | null;
}

export interface MemberProgress {
  readonly planned: PlannedMember;
  readonly state: 'waiting' | 'active' | 'done' | 'failed' | 'skipped';
  /** The step in hand; null while waiting and at the end. */
  readonly step: Step | null;
  /** When the step was entered: names its commands, does not change when another controller takes over. */
  readonly enteredAt: number;
  /** From when on the step's deadline counts: time during which no controller was there does not. */
  readonly since: number;
  /** From when on its `start_deadline` counts, which is one for its start and its check. */
  readonly startingSince: number;
  /** Why it is being put `back`, why it failed or was skipped. */
  readonly why: string | null;
  readonly replacing: ProcessId | 'none' | null;
  /** It stood outside of the balancer when its turn came: put back, it stays there. */
  readonly outside: boolean;
  /** Somebody holds it out of the balancer by hand, as it was when this controller took the run into its hands. */
  readonly held: boolean;
  /** Epoch ms; null: not settled. */
  readonly settledAt: number | null;
  /** When its start command had been carried out. */
  readonly startedAt: number | null;
  readonly lastLogEntry: string | null;
  readonly stepsMs: Readonly<Partial<Record<Step, number>>>;
}

/** Folds a journal. Throws only on one that no executor can have written. */
export function replay(events: readonly JournalEvent[]): Progress {
  const [first, ...rest] = events;
  if (first?.type !== 'started') throw new AppError('internal', 'the journal does not begin with its plan');
  let progress: Progress = {
    plan: first.plan,
    members: new Map(first.plan.batches.flatMap((b) => b.members).map((m) => [m.name, waiting(m, first.at)])),
    takenOut: new Set(),
    rotations: new Map(),
    purges: new Map(),
    idleSince: first.at,
    deadlineFrom: first.at,
    lastAt: first.at,
    workedMs: 0,
    hooks: new Map(),
    continued: false,
    halting: null,
    finished: null,
  };
  for (const event of rest) progress = evolve(progress, event);
  return progress;
}

export function evolve(progress: Progress, event: JournalEvent): Progress {
  const wasAway = event.type === 'attached' && event.why !== 'started';
  const worked = wasAway ? 0 : Math.max(0, event.at - progress.lastAt);
  return { ...applied(progress, event), lastAt: event.at, workedMs: progress.workedMs + worked };
}

function applied(progress: Progress, event: JournalEvent): Progress {
  switch (event.type) {
    case 'started':
      throw new AppError('internal', 'the journal holds a second plan');
    case 'attached':
      return attached(progress, event);
    case 'taken-out':
      return { ...progress, takenOut: new Set([...progress.takenOut, event.client]) };
    case 'rotating':
      return { ...progress, rotations: begun(progress.rotations, event) };
    case 'rotated':
      return { ...progress, idleSince: event.at, rotations: over(progress.rotations, event) };
    case 'purging':
      return { ...progress, purges: begun(progress.purges, event) };
    case 'purged':
      return { ...progress, idleSince: event.at, purges: over(progress.purges, event) };
    case 'entered': {
      const before = memberOf(progress, event.member);
      const again = before.step === event.step;
      return withMember(progress, event.member, event.at, {
        ...before,
        state: 'active',
        step: event.step,
        enteredAt: again ? before.enteredAt : event.at,
        since: event.at,
        startingSince: event.step === 'check' && (again || before.step === 'start') ? before.startingSince : event.at,
        why: event.step === 'back' ? (event.detail ?? null) : null,
        replacing: event.replacing ?? before.replacing,
        outside: event.outside ?? before.outside,
        startedAt: event.step === 'check' && !again ? (before.startedAt ?? event.at) : before.startedAt,
        stepsMs: again ? before.stepsMs : timed(before, event.at),
      });
    }
    case 'settled': {
      const before = memberOf(progress, event.member);
      if (event.result === 'untouched') return withMember(progress, event.member, event.at, waiting(before.planned, event.at, before.held));
      return withMember(progress, event.member, event.at, {
        ...before,
        state: event.result,
        step: null,
        settledAt: event.at,
        why: event.why ?? null,
        lastLogEntry: event.lastLogEntry ?? null,
        stepsMs: timed(before, event.at),
      });
    }
    case 'hook': {
      const { hook, state, error } = event;
      return { ...progress, hooks: new Map(progress.hooks).set(hookKey(hook, event.member), { hook, state, error }) };
    }
    case 'continued':
      return { ...progress, continued: true };
    case 'noted':
      return progress;
    case 'halting':
      return { ...progress, halting: progress.halting === 'aborted' ? 'aborted' : event.how };
    case 'finished':
      return { ...progress, finished: event };
  }
}

type Tasks = ReadonlyMap<string, TaskProgress>;

const begun = (tasks: Tasks, { service, at }: { readonly service: string; readonly at: number }): Tasks =>
  new Map(tasks).set(service, { since: tasks.get(service)?.since ?? at, ms: null, error: null });

function over(
  tasks: Tasks,
  { service, at, error }: { readonly service: string; readonly at: number; readonly error: string | null },
): Tasks {
  const since = tasks.get(service)?.since ?? at;
  return new Map(tasks).set(service, { since, ms: Math.max(0, at - since), error });
}

/** The controller was away: what nobody watched must not count against a deadline. A resumed run tries its failed members again. */
function attached(progress: Progress, { at, why, held }: Extract<JournalEvent, { type: 'attached' }>): Progress {
  const members = [...progress.members].map(([name, m]): [string, MemberProgress] => {
    const isHeld = held?.includes(name) ?? m.held;
    if (why === 'resumed' && m.state === 'failed') return [name, waiting(m.planned, at, isHeld)];
    // The clock of this controller can be behind that of the one before: nothing is waited for that lies ahead.
    const past = { startedAt: earlier(m.startedAt, at), settledAt: earlier(m.settledAt, at) };
    return [name, { ...m, ...past, held: isHeld, since: at, startingSince: at }];
  });
  const reopened = REOPENED[why] ?? {};
  const hooks = why === 'resumed' ? new Map([...progress.hooks].filter(([, { error }]) => error === null)) : progress.hooks;
  const deadlineFrom = why === 'resumed' ? at : progress.deadlineFrom + at - progress.lastAt;
  const continued = progress.continued || why === 'resumed';
  return { ...progress, ...reopened, members: new Map(members), hooks, continued, idleSince: at, deadlineFrom };
}

/** From the first line on that says so: a controller that dies right behind it must not leave a run that the next one goes on with. */
const REOPENED: Readonly<Partial<Record<string, Pick<Progress, 'halting' | 'finished'>>>> = {
  resumed: { halting: null, finished: null },
  aborting: { halting: 'aborted', finished: null },
};

const earlier = (time: number | null, at: number): number | null => (time === null ? null : Math.min(time, at));

export function memberOf(progress: Progress, name: string): MemberProgress {
  const member = progress.members.get(name);
  if (member === undefined) throw new AppError('internal', `the journal speaks of ${name}, which is not in its plan`);
  return member;
}

/** Nothing new is begun: somebody asked for the end, or more has failed than may. */
export function isEnding(progress: Progress): boolean {
  const failed = [...progress.members.values()].filter((m) => m.state === 'failed').length;
  return progress.halting !== null || failed > progress.plan.policy.maxFail || failedHook(progress) !== null;
}

/** A hook whose failure ends the run, with its reason. */
export function failedHook({ hooks }: Progress): string | null {
  const failed = [...hooks].find(([, { error }]) => error !== null);
  return failed === undefined ? null : `${failed[0].trim()}: ${failed[1].error ?? ''}`;
}

/** The step after the one in hand; null after the last. */
export function nextStepOf(member: MemberProgress): Step | null {
  const steps = stepsOf(member);
  return steps[member.step === null ? 0 : steps.indexOf(member.step) + 1] ?? null;
}

/** Its plan; but whether it goes in at the end is up to whoever holds it out now, not then. */
function stepsOf({ planned, held }: MemberProgress): readonly Step[] {
  if (held === (planned.held === true) || !planned.steps.includes('out') || !planned.steps.includes('warm')) return planned.steps;
  return held ? planned.steps.filter((step) => step !== 'in') : [...planned.steps, 'in'];
}

/** Whether its last step is into the balancer. */
export const goesIn = (member: MemberProgress): boolean => stepsOf(member).includes('in');

const waiting = (planned: PlannedMember, at: number, held = planned.held === true): MemberProgress => ({
  planned,
  state: 'waiting',
  step: null,
  enteredAt: at,
  since: at,
  startingSince: at,
  why: null,
  replacing: null,
  outside: false,
  held,
  settledAt: null,
  startedAt: null,
  lastLogEntry: null,
  stepsMs: {},
});

const withMember = (progress: Progress, name: string, at: number, member: MemberProgress): Progress => ({
  ...progress,
  idleSince: at,
  members: new Map(progress.members).set(name, member),
});

const timed = (member: MemberProgress, at: number): MemberProgress['stepsMs'] =>
  member.step === null ? member.stepsMs : { ...member.stepsMs, [member.step]: Math.max(0, at - member.enteredAt) };
