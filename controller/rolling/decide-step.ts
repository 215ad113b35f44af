import type { Connection } from '../../shared/model/agent-api.js';
import type { Step } from '../../shared/model/operation.js';
import type { ProcessId } from '../../shared/model/process.js';
import { TAKEN_OVER } from './decide-takeover.js';
import type { Attempts, MemberFacts } from './facts.js';
import { PATIENCE } from './patience.js';
import { isEnding, memberOf, type MemberProgress, nextStepOf, type Progress } from './progress.js';
import { pauseBeforeStart, startingFor } from './starting.js';
import { matesNotReady, togetherSince } from './together.js';

export type StepAction =
  | { readonly do: 'enter'; readonly step: Step; readonly detail?: string; readonly replacing?: ProcessId | 'none' }
  | { readonly do: 'settle'; readonly result: 'done' | 'failed' | 'untouched'; readonly why?: string }
  | { readonly do: 'set'; readonly wanted: 'in' | 'out' }
  | { readonly do: 'stop'; readonly replacing: ProcessId }
  | { readonly do: 'start' }
  | { readonly do: 'warm' }
  /** `blind`: nothing is seen of what the step goes by. */
  | { readonly do: 'wait'; readonly why: string; readonly blind?: true };

/** What was tried in the step so far, and when it is. */
export interface StepContext {
  readonly now: number;
  readonly attempts: Attempts;
  /** For how long now the step has waited blindly; 0: it sees. */
  readonly blindMs: number;
  /** All of it since the step began: time in which nothing could be done counts against no deadline but that for whoever is away. */
  readonly lostMs: number;
}

/**
 * What is done before anything has to be seen: the first try of an effect that can be carried out twice anyway, and the step after one
 * whose answer is its proof. null: look first.
 */
export function decideUnseen(progress: Progress, name: string, { now, attempts }: StepContext): StepAction | null {
  const member = memberOf(progress, name);
  const untried = attempts.done === 0 && attempts.error === null;
  switch (member.step) {
    case 'out':
      return untried && !isUndone(progress, member) ? { do: 'set', wanted: 'out' } : null;
    case 'in':
      if (member.held) return { do: 'settle', result: 'done' };
      return untried ? (waitForMates(progress, member) ?? { do: 'set', wanted: 'in' }) : null;
    case 'warm':
      return untried ? { do: 'warm' } : advance(member);
    case 'start':
      if (attempts.done > 0) return advance(member);
      return untried ? (pauseBeforeStart(progress, member, now) ?? { do: 'start' }) : null;
    case 'stop':
      // The agent answers when that process is gone. After a stop for good one has to see that nobody started it again.
      return attempts.done > 0 && attempts.error === null && progress.plan.action !== 'stop' ? advance(member) : null;
    default:
      return null;
  }
}

/** What is done next with one member. Pure: the run so far and what was just seen in, one action out. */
export function decideStep(
  progress: Progress,
  name: string,
  facts: MemberFacts,
  { now, attempts, blindMs, lostMs }: StepContext,
): StepAction {
  const member = memberOf(progress, name);
  const { timing } = member.planned;
  const elapsed = now - (member.step === 'in' ? togetherSince(progress, member) : member.since) - lostMs;
  const refused =
    attempts.error !== null && !['unreachable', 'timeout', 'cancelled'].includes(attempts.error.code) ? attempts.error.message : null;

  switch (member.step) {
    case null:
      return advance(member);
    case 'out':
      if (isUndone(progress, member)) return { do: 'enter', step: 'back', detail: HALTED };
      // Told at least once: a backend that only the running balancer knows to be out comes back with its next start.
      if (facts.standing === 'none' || (facts.standing === 'out' && attempts.done > 0)) return advance(member);
      if (refused !== null) return { do: 'enter', step: 'back', detail: `could not be taken out of the balancer: ${refused}` };
      if (unseen(facts)) return waitForBalancer(facts, blindMs, { do: 'enter', step: 'back', detail: unansweredBy(facts) });
      return takeOut(attempts.error === null ? PATIENCE.balancerMs : PATIENCE.agentMs);
    case 'drain':
      return drain();
    case 'stop':
      return stop();
    case 'start':
      if (facts.process.state === 'running' || facts.process.state === 'starting') return advance(member);
      if (refused !== null) return failed(`did not start: ${refused}`);
      if (facts.process.state === 'unknown') return waitForAgent(facts.process.why, blindMs, failed(`not started: ${facts.process.why}`));
      if (startingFor(progress, member, now) - lostMs >= timing.startDeadlineMs)
        return failed(`did not start in ${timing.startDeadlineMs / 1000} s`);
      return pauseBeforeStart(progress, member, now) ?? { do: 'start' };
    case 'check':
      if (facts.health.ok) return advance(member);
      if (facts.process.state === 'down') return failed(`ended while it started: ${facts.process.why}`);
      if (startingFor(progress, member, now) - lostMs >= timing.startDeadlineMs)
        return failed(`no good answer within ${timing.startDeadlineMs / 1000} s: ${facts.health.why}`);
      return { do: 'wait', why: facts.health.why };
    case 'warm':
      return advance(member);
    case 'in':
      return letIn({ do: 'settle', result: 'done' });
    case 'back':
      return back();
    case 'skip':
    case 'fail':
    case 'rotate':
    case 'purge':
      return failed(`step ${member.step} is not one that is carried out`);
  }

  function takeOut(limitMs: number): StepAction {
    if (elapsed < limitMs) return { do: 'set', wanted: 'out' };
    const said = attempts.error?.message ?? `the balancer still says "${facts.standing}" ${limitMs / 1000} s after it was told "out"`;
    return { do: 'enter', step: 'back', detail: `could not be taken out of the balancer: ${said}` };
  }

  function drain(): StepAction {
    if (isUndone(progress, member)) return { do: 'enter', step: 'back', detail: HALTED };
    // Somebody let it in again while it drained: what was proven is not true any more.
    if (facts.standing === 'in' || facts.standing === 'dead' || facts.drift) return takeOut(timing.drainMs + PATIENCE.balancerMs);
    if (unseen(facts)) return waitForBalancer(facts, blindMs, { do: 'enter', step: 'back', detail: unansweredBy(facts) });
    if (!facts.connections.ok && facts.away !== null)
      return waitForAgent(facts.away, blindMs, { do: 'enter', step: 'back', detail: facts.away });
    const open = facts.connections.ok ? facts.connections.connections : null;
    if (isDrained(facts, open, timing.quietMs)) return leave();
    const counted = facts.inFlight === null ? [] : [`${facts.inFlight} requests under way by the count of the balancer`];
    const seen = facts.connections.ok
      ? `${facts.connections.connections.length} connections, ${facts.connections.connections.filter((c) => c.pending).length} with a request`
      : facts.connections.why;
    const why = [...counted, seen].join('; ');
    // One that had to be taken out once more has its whole time to drain from then on.
    const drainingMs = Math.min(elapsed, now - (attempts.doneAt ?? member.since));
    return drainingMs >= timing.drainMs ? leave(`not drained after ${timing.drainMs / 1000} s: ${why}`) : { do: 'wait', why };
  }

  /** To the next step; if that is the stop, with the process that it is to replace. */
  function leave(detail?: string): StepAction {
    const other = inHandBefore(progress, name);
    if (other !== null) return { do: 'wait', why: `drained; ${other} goes in first` };
    const next = advance(member, detail);
    const { process } = facts;
    // Whom it replaces is written down once: who came after that one was started by somebody else.
    if (member.replacing !== null) return next;
    if (next.do !== 'enter' || next.step !== 'stop' || (process.state !== 'running' && process.state !== 'down')) return next;
    return { ...next, replacing: process.state === 'running' ? process.process : 'none' };
  }

  function stop(): StepAction {
    const { process } = facts;
    if (member.replacing === null) {
      if (isEnding(progress)) return { do: 'enter', step: 'back', detail: HALTED };
      const other = inHandBefore(progress, name);
      if (other !== null) return { do: 'wait', why: `${other} goes in first` };
      if (process.state === 'running') return { do: 'enter', step: 'stop', replacing: process.process };
      if (process.state === 'down') return { do: 'enter', step: 'stop', replacing: 'none' };
      const lost = process.why;
      return waitForAgent(lost, blindMs, { do: 'enter', step: 'back', detail: `its process is unknown: ${lost}` });
    }
    if (member.replacing === 'none' || process.state === 'down') return advance(member);
    if (process.state === 'starting' && progress.plan.action !== 'stop') return advance(member);
    if (process.state === 'running' && process.process !== member.replacing) {
      return progress.plan.action === 'stop' ? failed(`was started again by somebody else: process ${process.process}`) : advance(member);
    }
    if (refused !== null) return { do: 'enter', step: 'back', detail: `did not stop: ${refused}` };
    if (process.state === 'unknown') return waitForAgent(process.why, blindMs, failed(`nothing is known of its process: ${process.why}`));
    if (process.state === 'running' && member.planned.steps.includes('out')) {
      // Somebody let it in again while its agent was away: what was proven is not true any more.
      if (facts.standing === 'in' || facts.standing === 'dead' || facts.drift) return { do: 'enter', step: 'out' };
      if (unseen(facts)) return waitForBalancer(facts, blindMs, { do: 'enter', step: 'back', detail: unansweredBy(facts) });
    }
    // An agent that was away in the meantime gets its whole time again.
    const limit = timing.stopDeadlineMs + PATIENCE.stopMarginMs + (attempts.done > 0 ? 0 : PATIENCE.agentMs);
    if (elapsed >= limit) {
      if (process.state === 'starting') return failed(`is started again and again: ${process.why}`);
      return { do: 'enter', step: 'back', detail: `did not stop in ${timing.stopDeadlineMs / 1000} s, nor when it was killed` };
    }
    if (process.state === 'starting') return { do: 'wait', why: process.why };
    return { do: 'stop', replacing: member.replacing };
  }

  function letIn(done: StepAction): StepAction {
    if (facts.standing === 'in' || facts.standing === 'none') return done;
    if (refused !== null) return failed(`healthy, but the balancer does not take it: ${refused}`);
    if (unseen(facts)) return waitForBalancer(facts, blindMs, failed(`healthy, but ${unansweredBy(facts)}`));
    const limit = facts.aliveIntervalMs + PATIENCE.aliveMarginMs;
    if (elapsed >= limit) return failed(`healthy, but ${limit / 1000} s after it was let in the balancer says "${facts.standing}"`);
    return facts.standing === 'out' || facts.drift
      ? { do: 'set', wanted: 'in' }
      : { do: 'wait', why: 'the balancer has not found it alive yet' };
  }

  /** A healthy client that could not be restarted goes in again; one that is not healthy stays out. */
  function back(): StepAction {
    const why = member.why ?? 'put back';
    // It was never stopped: it goes back as it was, and the balancer judges it as before.
    const untouched = why === HALTED || why === TAKEN_OVER;
    const end: StepAction = untouched ? { do: 'settle', result: 'untouched' } : failed(why);
    // Somebody holds it out by hand, or it was out before: it stays so.
    if (member.held || (untouched && member.outside)) return end;
    if (facts.standing === 'in' || facts.standing === 'none' || (untouched && facts.standing === 'dead')) return end;
    if (facts.health.ok || untouched) {
      // Told at least once, whatever is seen: of several balancers one may obey that another one keeps from being seen.
      if (unseen(facts) && attempts.done === 0 && attempts.error === null) return { do: 'set', wanted: 'in' };
      const action = letIn(end);
      return action.do === 'settle' && action.result === 'failed' ? failed(`${why}; ${action.why ?? ''}`) : action;
    }
    const limit = PATIENCE.balancerMs;
    return elapsed < limit ? { do: 'wait', why: facts.health.why } : failed(`${why}; it stays out, it is not healthy: ${facts.health.why}`);
  }
}

/** One of an earlier batch that is not in yet: nobody is stopped before it is. */
function inHandBefore({ plan, members }: Progress, name: string): string | null {
  const batch = plan.batches.findIndex((b) => b.members.some((m) => m.name === name));
  const earlier = plan.batches.slice(0, batch).flatMap((b) => b.members);
  return earlier.find((m) => members.get(m.name)?.state === 'active')?.name ?? null;
}

/** The run ends, and nothing has happened to it: once it is written down whom a stop replaces, that may have been done. */
const isUndone = (progress: Progress, { replacing }: MemberProgress): boolean => replacing === null && isEnding(progress);

/** A balancer that counts its requests proves it alone. Otherwise every connection has to be silent for a while, without a request. */
function isDrained({ inFlight }: MemberFacts, open: readonly Connection[] | null, quietMs: number): boolean {
  if (inFlight !== null) return inFlight === 0;
  return open?.every((c) => !c.pending && c.silentMs !== null && c.silentMs >= quietMs) ?? false;
}

const HALTED = 'the operation was stopped';
const failed = (why: string): StepAction => ({ do: 'settle', result: 'failed', why });
const unseen = (facts: MemberFacts): boolean => facts.standing === 'unknown' && !facts.drift;
const unansweredBy = (facts: MemberFacts): string => facts.away ?? 'the balancer does not answer';

function advance(member: MemberProgress, detail?: string): StepAction {
  const step = nextStepOf(member);
  return step === null ? { do: 'settle', result: 'done' } : { do: 'enter', step, ...(detail === undefined ? {} : { detail }) };
}

const waitForAgent = (why: string, blindMs: number, otherwise: StepAction): StepAction =>
  blindMs < PATIENCE.agentMs ? { do: 'wait', why, blind: true } : otherwise;

const waitForBalancer = (facts: MemberFacts, blindMs: number, otherwise: StepAction): StepAction =>
  blindMs < (facts.away === null ? PATIENCE.balancerMs : PATIENCE.agentMs)
    ? { do: 'wait', why: unansweredBy(facts), blind: true }
    : otherwise;

/** Each change of its balancer restarts it: the clients of a batch go in at once, so that one restart does for all. */
function waitForMates(progress: Progress, member: MemberProgress): StepAction | null {
  const mates = matesNotReady(progress, member);
  return mates.length === 0 ? null : { do: 'wait', why: `goes in together with ${mates.join(', ')}: one restart of the balancer for all` };
}
