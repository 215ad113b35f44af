import { evolve, memberOf, type Progress, replay, type TaskProgress } from './progress.js';
import { planSteps } from './plan.js';
import type { JournalEvent } from './events.js';
import type { MemberResult, OperationEvent, OperationResult, OperationSummary } from '../../shared/model/operation.js';

const ATTACHED = {
  restarted: 'the controller was away and takes the operation up again',
  resumed: 'resumed',
  aborting: 'taken up again to be aborted',
} as const;

type Task = 'rotate' | 'purge';
type TaskEvent = Pick<Extract<JournalEvent, { type: 'rotating' }>, 'at' | 'service'>;
type TaskEnd = Omit<Extract<JournalEvent, { type: 'rotated' }>, 'type'>;
type Told = Extract<OperationEvent, { type: 'step' }>;
const UNDONE: Readonly<Record<Task, string>> = { rotate: 'its logs were not rotated', purge: 'its cache was not purged' };

/** What an operator sees of one journal event, given the state before and after it. */
export function toOperationEvents(before: Progress | null, event: JournalEvent, after: Progress): OperationEvent[] {
  const operation = after.plan.id;
  const note = (service: string | null, message: string): OperationEvent => ({ type: 'note', operation, service, at: event.at, message });
  const ended = (name: string): OperationEvent[] => {
    const member = before === null ? null : memberOf(before, name);
    if (member?.step == null) return [];
    return [
      {
        type: 'step',
        operation,
        service: name,
        step: member.step,
        state: 'end',
        at: event.at,
        ms: Math.max(0, event.at - member.enteredAt),
        detail: null,
      },
    ];
  };
  const task = ({ at, service }: TaskEvent, step: Task, state: 'begin' | 'end', ms: number | null): Told => ({
    ...{ type: 'step', operation, service, step, state, at, ms, detail: null },
  });
  const taskOver = (event: TaskEnd, step: Task, ms: number | null): OperationEvent[] => {
    const notes = event.notes.map((message) => note(event.service, message));
    const failed = event.error === null ? [] : [note(event.service, `${UNDONE[step]}: ${event.error}`)];
    const isAll = event.error !== null && !after.members.has(event.service);
    const end = isAll
      ? { ...task(event, step, 'begin', null), step: 'fail' as const, detail: event.error }
      : { ...task(event, step, 'end', ms), detail: event.notes.length === 0 ? null : event.notes.join('; ') };
    return [...notes, ...(isAll ? [] : failed), end];
  };
  const skipped = ({ at, member, why }: Extract<JournalEvent, { type: 'settled' }>) =>
    ({ type: 'step', operation, service: member, step: 'skip', state: 'begin', at, ms: null, detail: why ?? null }) as const;
  switch (event.type) {
    case 'started': {
      const warnings = event.plan.warnings.map((message) => note(null, message));
      return [{ type: 'started', operation, action: event.plan.action, at: event.at, plan: planSteps(event.plan) }, ...warnings];
    }
    case 'attached':
      return event.why === 'started' ? [] : [note(null, `${ATTACHED[event.why]}${byWhom(event)}`)];
    case 'taken-out':
      return [
        note(
          event.client,
          event.error === null
            ? `${whyOut(after)}: taken out of the balancer`
            : `${whyOut(after)}, but could not be taken out of the balancer: ${event.error}`,
        ),
      ];
    case 'rotating':
      return before?.rotations.has(event.service) === true ? [] : [task(event, 'rotate', 'begin', null)];
    case 'rotated':
      return taskOver(event, 'rotate', after.rotations.get(event.service)?.ms ?? null);
    case 'purging':
      return before?.purges.has(event.service) === true ? [] : [task(event, 'purge', 'begin', null)];
    case 'purged':
      return taskOver(event, 'purge', after.purges.get(event.service)?.ms ?? null);
    case 'entered': {
      const again = before !== null && memberOf(before, event.member).step === event.step;
      if (again) return [];
      const begin: OperationEvent = {
        type: 'step',
        operation,
        service: event.member,
        step: event.step,
        state: 'begin',
        at: event.at,
        ms: null,
        detail: event.detail ?? null,
      };
      return [...ended(event.member), begin];
    }
    case 'settled': {
      const end = ended(event.member);
      if (event.result === 'done') return end;
      if (event.result === 'skipped') return [skipped(event)];
      if (event.result === 'untouched') return [...end, note(event.member, 'put back, untouched')];
      return [
        ...end,
        { type: 'step', operation, service: event.member, step: 'fail', state: 'begin', at: event.at, ms: null, detail: event.why ?? null },
      ];
    }
    case 'hook':
      if (event.state === 'begin') return [note(event.member, `runs ${event.hook}`)];
      return event.error === null ? [] : [note(event.member, `${event.hook} failed: ${event.error}`)];
    case 'continued':
      return [note(null, event.by === null ? 'the canaries are well: goes on' : `goes on behind the canaries, asked by ${event.by}`)];
    case 'noted':
      return [note(event.member, event.message)];
    case 'halting':
      return [note(null, `asked to ${event.how === 'aborted' ? 'abort' : 'stop'}${byWhom(event)}`)];
    case 'finished':
      return [{ type: 'result', result: resultOf(after) }];
  }
}

const whyOut = ({ plan }: Progress): string => (plan.action === 'repair' ? 'was repaired too often' : 'is dead');

/** Older journals do not tell. */
const byWhom = ({ by }: { readonly by?: string | undefined }): string => (by === undefined ? '' : ` by ${by}`);

/** A journal as an operator reads it; the results that ended it before it was taken up again are left out. */
export function tellJournal(journal: readonly JournalEvent[]): OperationEvent[] {
  let progress: Progress | null = null;
  return journal.flatMap((event, index) => {
    const before: Progress | null = progress;
    progress = before === null ? replay([event]) : evolve(before, event);
    return event.type === 'finished' && index < journal.length - 1 ? [] : toOperationEvents(before, event, progress);
  });
}

/** The end of a finished run. */
export function resultOf(progress: Progress): OperationResult {
  const { plan, finished } = progress;
  const services = [...progress.members.values()].map((m): MemberResult => ({
    name: m.planned.name,
    result: m.state === 'waiting' || m.state === 'active' ? 'untouched' : m.state,
    why: m.why,
    lastLogEntry: m.lastLogEntry,
    stepsMs: { ...tasksMs(progress, m.planned.name), ...m.stepsMs },
  }));
  services.unshift(...apart(progress));
  services.push(...leftAlone(progress));
  const outcome = finished?.outcome ?? 'interrupted';
  const failed =
    services.some((s) => s.result === 'failed') ||
    [...progress.rotations.values(), ...progress.purges.values()].some((r) => r.error !== null);
  const exit = {
    completed: plan.action === 'repair' ? repairExit(progress, failed) : failed ? 3 : 0,
    halted: 1,
    aborted: 130,
    interrupted: 130,
  }[outcome];
  return {
    operation: plan.id,
    action: plan.action,
    outcome,
    exit,
    seconds: progress.workedMs / 1000,
    why: finished?.why ?? null,
    services,
  };
}

/** What is critical and stays so is critical, whatever else went well. */
function repairExit({ plan }: Progress, failed: boolean): number {
  const left = (plan.decisions ?? []).filter(({ action }) => action === 'none' || action === 'give-up');
  if (failed || left.some(({ state }) => state === 'critical')) return 1;
  return left.some(({ state }) => state === 'unknown') ? 5 : 0;
}

/** Of a repair: those that are not well, and of which nothing was done. */
const leftAlone = ({ plan, members }: Progress): MemberResult[] =>
  (plan.decisions ?? [])
    .filter(({ service, state }) => state !== 'well' && !members.has(service))
    .map(({ service, reason }) => ({ name: service, result: 'skipped', why: reason, lastLogEntry: null, stepsMs: {} }));

/** Services of which nothing is done but that their logs are rotated, or their caches purged. */
function apart(progress: Progress): MemberResult[] {
  const { plan, members, rotations, purges } = progress;
  const names = [...(plan.rotate ?? []), ...(plan.purge ?? [])].map(({ service }) => service).filter((service) => !members.has(service));
  return [...new Set(names)].map((service) => {
    const rotated = plan.rotate?.some((one) => one.service === service) === true ? [rotations.get(service)] : [];
    const purged = plan.purge?.some((one) => one.service === service) === true ? [purges.get(service)] : [];
    const tasks = [...rotated, ...purged];
    const errors = tasks.flatMap((task) => task?.error ?? []);
    const ended = errors.length === 0 ? 'done' : 'failed';
    return {
      name: service,
      result: tasks.every((task) => typeof task?.ms === 'number') ? ended : 'untouched',
      why: errors.length === 0 ? null : errors.join('; '),
      lastLogEntry: null,
      stepsMs: tasksMs(progress, service),
    };
  });
}

function tasksMs({ rotations, purges }: Progress, service: string): MemberResult['stepsMs'] {
  const ms = (task: TaskProgress | undefined, step: Task) => (typeof task?.ms === 'number' ? { [step]: task.ms } : {});
  return { ...ms(rotations.get(service), 'rotate'), ...ms(purges.get(service), 'purge') };
}

export function summaryOf(progress: Progress): OperationSummary {
  const names = (states: readonly string[]) =>
    [...progress.members.values()].filter((m) => states.includes(m.state)).map((m) => m.planned.name);
  const alone = (result: MemberResult['result']) => apart(progress).flatMap((one) => (one.result === result ? [one.name] : []));
  return {
    id: progress.plan.id,
    action: progress.plan.action,
    state: progress.finished?.outcome ?? 'running',
    started: progress.plan.at,
    ended: progress.finished?.at ?? null,
    by: progress.plan.by,
    done: [...alone('done'), ...names(['done'])],
    failed: [...alone('failed'), ...names(['failed'])],
    untouched: [...alone('untouched'), ...names(['waiting', 'active'])],
  };
}
