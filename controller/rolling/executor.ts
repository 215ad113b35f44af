import { linkSignals } from '../../shared/abort.js';
import { toAppError } from '../../shared/errors.js';
import { createBell } from './bell.js';
import { decideHook } from './decide-hook.js';
import { stepAtTakeover, TAKEN_OVER } from './decide-takeover.js';
import { decideEnd, decideRotation, decideRun, mayOverlap } from './decide-run.js';
import type { RunAction } from './run-action.js';
import { decideStep, decideUnseen, type StepAction, type StepContext } from './decide-step.js';
import { decidePurgeAlone } from './decide-purge.js';
import type { PurgeStep } from './plan.js';
import type { JournalEvent } from './events.js';
import type { Attempts } from './facts.js';
import { PATIENCE } from './patience.js';
import type { Effect, RollPorts, Rotated } from './roll-ports.js';
import { contextAt, lookedAt, SEEING, type Sight } from './sight.js';
import { startingFor } from './starting.js';
import { evolve, isEnding, memberOf, type MemberProgress, nextStepOf, type Progress, replay } from './progress.js';

/** Polls while something is waited for. */
const POLL_MS = 50;

export interface Executor {
  readonly progress: () => Progress;
  /** Ends the run after the member in hand was finished or put back. */
  halt(how: 'interrupted' | 'aborted', by: string): Promise<void>;
  /** Lets the clients behind the canaries go. */
  proceed(by: string): Promise<void>;
  /** Drives the run to its end. Rejects if `signal` aborts (the run stays unfinished) or the journal cannot be written. */
  run(signal: AbortSignal): Promise<Progress>;
}

/**
 * Starting and resuming are the same call: both begin from the journal. The loop is observe, decide, record or perform;
 * what is announced in the journal is done afterwards, so a crash at any point is taken up where it happened.
 */
export function createExecutor(journal: readonly JournalEvent[], ports: RollPorts): Executor {
  let progress = replay(journal);

  const driven = new Map<string, Promise<void>>();
  /** Aborted with what keeps the run from going on: who waits for another one in hand must not wait for ever. */
  const broken = new AbortController();
  /** Rung whenever one in hand gets on, or ends. */
  const bell = createBell();

  /** The state changes at once, so that members deciding at the same time see it; nothing is done before it is on the disk. */
  async function record(event: JournalEvent): Promise<void> {
    progress = evolve(progress, event);
    await ports.append(event);
    bell.ring();
  }

  async function run(signal: AbortSignal): Promise<Progress> {
    using linked = linkSignals([signal, broken.signal]);
    try {
      while (progress.finished === null) await next(linked.signal);
    } catch (error) {
      broken.abort(error);
    }
    await Promise.all(driven.values());
    broken.signal.throwIfAborted();
    return progress;
  }

  async function next(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    const hook = decideHook(progress);
    if (hook !== null) return runHook(hook, signal);
    const isDriven = [...progress.members.values()].every((m) => m.state !== 'active' || driven.has(m.planned.name));
    if (driven.size > 0 && isDriven && !mayOverlap(progress)) return change();
    let action: RunAction | null = decideEnd(progress) ?? decideRotation(progress) ?? decidePurgeAlone(progress);
    if (action === null) {
      const clients = await ports.observeClients(signal);
      action = decideRun(progress, clients, { now: ports.now(), driven: new Set(driven.keys()) });
    }
    switch (action.do) {
      case 'finish':
        return record({ type: 'finished', at: ports.now(), outcome: action.outcome, why: action.why });
      case 'wait':
        ports.waiting(null, action.why);
        return action.pollMs === undefined ? ports.sleep(POLL_MS, signal) : rest(signal, action.pollMs);
      case 'follow':
        return change();
      case 'hook':
        return runHook(action, signal);
      case 'continue':
        return record({ type: 'continued', at: ports.now(), by: null });
      case 'skip':
        return record({ type: 'settled', at: ports.now(), member: action.member, result: 'skipped', why: action.why });
      case 'take-out':
        return takeOut(action.client, signal);
      case 'rotate':
        return rotateAll(action.services, signal);
      case 'purge':
        return purge(action.purge, signal);
      case 'begin':
        return begin(action, signal);
      case 'let-be':
        for (const member of action.members) await enter(member, { do: 'enter', step: 'back', detail: TAKEN_OVER });
        return;
    }
  }

  /** Until one of those in hand has got on, or ended. */
  async function change(): Promise<void> {
    if (driven.size > 0 && !broken.signal.aborted) await bell.rings();
  }

  /** A poll interval, cut short when another one in hand gets on: it may be what is waited for. */
  const rest = (signal: AbortSignal, ms = POLL_MS): Promise<void> =>
    bell.sleep(ms, (pauseMs, linked) => ports.sleep(pauseMs, linked), signal);

  /** After a restart of the controller its agents come back one by one: one that is away is waited for. */
  async function takeOut(client: string, signal: AbortSignal): Promise<void> {
    const since = ports.now();
    for (let tries = 0; ; tries++) {
      const error = await ports.takeOut(client, `${progress.plan.id}/${client}/take-out/${progress.idleSince}/${tries}`, signal).then(
        () => null,
        (e: unknown) => toAppError(e, 'internal', client),
      );
      signal.throwIfAborted();
      const wait = error?.code === 'unreachable' && ports.now() - since < PATIENCE.agentMs && !isEnding(progress);
      if (!wait) return record({ type: 'taken-out', at: ports.now(), client, error: error?.message ?? null });
      ports.waiting(client, error.message);
      await ports.sleep(POLL_MS, signal);
    }
  }

  /** One that was under way when the controller went away is run once more, and that is told: nobody knows what it has done. */
  async function runHook({ hook, member, argv, again }: Extract<RunAction, { do: 'hook' }>, signal: AbortSignal): Promise<void> {
    const message = `${hook} was under way when the controller went away: it is run once more`;
    if (again) await record({ type: 'noted', at: ports.now(), member, message });
    await record({ type: 'hook', at: ports.now(), hook, member, state: 'begin', error: null });
    const error = await ports.hook(argv, member, signal).then(
      () => null,
      (e: unknown) => toAppError(e, 'internal', hook).message,
    );
    signal.throwIfAborted();
    await record({ type: 'hook', at: ports.now(), hook, member, state: 'end', error });
  }

  /** None goes on behind the end of the run. */
  async function rotateAll(services: readonly string[], signal: AbortSignal): Promise<void> {
    const ends = await Promise.allSettled(services.map((service) => rotate(service, signal)));
    for (const end of ends) if (end.status === 'rejected') throw end.reason;
  }

  /** Logs that could not be rotated are as they were: nothing else waits for them. */
  async function rotate(service: string, signal: AbortSignal): Promise<void> {
    await record({ type: 'rotating', at: ports.now(), service });
    const id = `${progress.plan.id}/${service}/rotate`;
    const end = await ports
      .rotate(service, id, signal)
      .catch((e: unknown): Rotated => ({ notes: [], error: toAppError(e, 'internal', service).message }));
    signal.throwIfAborted();
    await record({ type: 'rotated', at: ports.now(), service, ...end });
  }

  /** A cache that could not be purged is as it was: the roll is none the worse for it. */
  async function purge(step: PurgeStep, signal: AbortSignal): Promise<void> {
    const { service } = step;
    await record({ type: 'purging', at: ports.now(), service });
    const end = await ports
      .purge(step, `${progress.plan.id}/${service}/purge`, signal)
      .catch((e: unknown): Rotated => ({ notes: [], error: toAppError(e, 'internal', service).message }));
    signal.throwIfAborted();
    await record({ type: 'purged', at: ports.now(), service, ...end });
  }

  async function begin({ members: names, outside = [] }: Extract<RunAction, { do: 'begin' }>, signal: AbortSignal): Promise<void> {
    for (const name of names) {
      const member = memberOf(progress, name);
      const step = member.state === 'waiting' ? nextStepOf(member) : stepAtTakeover(member);
      if (step === null) continue;
      await record({ type: 'entered', at: ports.now(), member: name, step, ...(outside.includes(name) ? { outside: true } : {}) });
    }
    for (const name of names) {
      const end = drive(name, signal)
        .catch((error: unknown) => broken.abort(error))
        .then(() => {
          // One that was put back untouched can have its turn again before this is noticed.
          if (driven.get(name) === end) driven.delete(name);
          bell.ring();
        });
      driven.set(name, end);
    }
  }

  async function drive(name: string, signal: AbortSignal): Promise<void> {
    let attempts: Attempts = UNTRIED;
    let sight: Sight = SEEING;
    let tries = 0;
    let previous = '';
    let told = '';
    for (;;) {
      signal.throwIfAborted();
      const before = memberOf(progress, name);
      const context = (): StepContext => contextAt(ports.now(), attempts, sight);
      const action = decideUnseen(progress, name, context()) ?? (await look(before, context, signal));
      sight = lookedAt(sight, action, ports.now());
      // An effect that has to be repeated did not show yet: never spin on it.
      const key = JSON.stringify(action);
      if (key === previous && action.do !== 'wait') await ports.sleep(POLL_MS, signal);
      previous = key;
      switch (action.do) {
        case 'enter':
          await enter(name, action);
          if (action.step !== before.step) [attempts, sight] = [UNTRIED, SEEING];
          break;
        case 'settle':
          await settle(name, action, signal);
          return;
        case 'wait':
          ports.waiting(name, action.why);
          await rest(signal);
          break;
        default:
          attempts = await perform(before, action, attempts, tries++, signal);
          if (attempts.error !== null && attempts.error.message !== told) {
            told = attempts.error.message;
            await record({ type: 'noted', at: ports.now(), member: name, message: told });
          }
      }
    }
  }

  async function look(member: MemberProgress, context: () => StepContext, signal: AbortSignal): Promise<StepAction> {
    const facts = await ports.observeMember(member, remainingFor(member), signal);
    return decideStep(progress, member.planned.name, facts, context());
  }

  const remainingFor = (member: MemberProgress): number =>
    member.planned.timing.startDeadlineMs - startingFor(progress, member, ports.now());

  async function perform(
    member: MemberProgress,
    effect: Effect,
    attempts: Attempts,
    tries: number,
    signal: AbortSignal,
  ): Promise<Attempts> {
    // A controller that takes over names the same stop by the same id; everything else may be carried out again.
    const id =
      `${progress.plan.id}/${member.planned.name}/${member.step ?? ''}/${member.enteredAt}` +
      (effect.do === 'stop' ? '' : `/${member.since}/${tries}`);
    let told: string | null;
    try {
      told = await ports.perform(member, effect, id, remainingFor(member), signal);
    } catch (error) {
      signal.throwIfAborted();
      return {
        ...attempts,
        error: toAppError(error, 'internal', `${effect.do} ${member.planned.name}`),
      };
    }
    if (told !== null) await record({ type: 'noted', at: ports.now(), member: member.planned.name, message: told });
    return { done: attempts.done + 1, doneAt: ports.now(), error: null };
  }

  const enter = (member: string, { step, detail, replacing }: Extract<StepAction, { do: 'enter' }>): Promise<void> =>
    record({ type: 'entered', at: ports.now(), member, step, detail, replacing });

  async function settle(member: string, { result, why }: Extract<StepAction, { do: 'settle' }>, signal: AbortSignal): Promise<void> {
    const lastLogEntry = result === 'failed' ? await ports.lastLogEntry(member, signal) : null;
    await record({ type: 'settled', at: ports.now(), member, result, why, lastLogEntry: lastLogEntry ?? undefined });
  }

  return {
    progress: () => progress,
    proceed: (by) => record({ type: 'continued', at: ports.now(), by }),
    halt: (how, by) => record({ type: 'halting', at: ports.now(), how, by }),
    run,
  };
}

const UNTRIED: Attempts = { done: 0, error: null };
