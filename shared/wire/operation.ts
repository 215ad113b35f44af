import type {
  MemberResult,
  OperationAction,
  OperationEvent,
  OperationResult,
  OperationSummary,
  OutcomeKind,
  PlanStep,
  Step,
} from '../model/operation.js';
import { enumCodec, finite, fromDouble, fromTime, known, toInt64, toUint32, UNKNOWN_FORM } from './fields.js';
import {
  MemberResult_Result as Result,
  OperationAction as Action,
  OperationResult_Outcome as Outcome,
  OperationSummary_State as SummaryState,
  Step as WireStep,
  StepEvent_State as StepState,
  type MemberResult as WireMemberResult,
  type OperationEvent as WireEvent,
  type OperationResult as WireResult,
  type OperationSummary as WireSummary,
  type PlanStep as WirePlanStep,
} from './gen/ctl/v1/control.js';

export function eventToWire(event: OperationEvent): WireEvent {
  switch (event.type) {
    case 'started': {
      const { operation, action, at, plan } = event;
      const value = { operation, action: actions.toWire(action), atMs: toInt64(at, 'time of the event'), plan: plan.map(planStepToWire) };
      return { event: { $case: 'started', value } };
    }
    case 'step': {
      const { operation, service, step, state, at, ms, detail } = event;
      const value = {
        operation,
        service,
        step: steps.toWire(step),
        state: stepStates.toWire(state),
        atMs: toInt64(at, 'time of the event'),
        ms: ms === null ? undefined : finite(ms, 'duration of a step'),
        detail: detail ?? undefined,
      };
      return { event: { $case: 'step', value } };
    }
    case 'note': {
      const { operation, service, at, message } = event;
      return {
        event: { $case: 'note', value: { operation, service: service ?? undefined, atMs: toInt64(at, 'time of the event'), message } },
      };
    }
    case 'result':
      return { event: { $case: 'result', value: resultToWire(event.result) } };
  }
}

/** An event that only a later version knows becomes a note, dated `receivedAt`: whoever follows the operation must not lose its end for it. */
export function eventFromWire({ event }: WireEvent, receivedAt: number): OperationEvent {
  switch (event?.$case) {
    case 'started': {
      const { operation, action, atMs, plan } = event.value;
      return {
        type: 'started',
        operation,
        action: actionFromWire(action),
        at: fromTime(atMs, 'time of the event'),
        plan: plan.map(planStepFromWire),
      };
    }
    case 'step': {
      const { operation, service, ms, detail } = event.value;
      const at = fromTime(event.value.atMs, 'time of the event');
      const step = steps.fromWire(event.value.step);
      const state = stepStates.fromWire(event.value.state);
      if (step === undefined || state === undefined)
        return { type: 'note', operation, service, at, message: `a step that this version does not know: ${detail ?? ''}` };
      return {
        type: 'step',
        operation,
        service,
        step,
        state,
        at,
        ms: ms === undefined ? null : fromDouble(ms, 'duration of a step'),
        detail: detail ?? null,
      };
    }
    case 'note': {
      const { operation, service, atMs, message } = event.value;
      return { type: 'note', operation, service: service ?? null, at: fromTime(atMs, 'time of the event'), message };
    }
    case 'result':
      return { type: 'result', result: resultFromWire(event.value) };
    case undefined:
      return { type: 'note', operation: '', service: null, at: receivedAt, message: UNKNOWN_FORM };
  }
}

export function planStepToWire({ step, service, batch, pool, detail }: PlanStep): WirePlanStep {
  return {
    step: steps.toWire(step),
    service: service ?? undefined,
    batch: toUint32(batch, 'batch'),
    pool: pool === null ? undefined : toUint32(pool, 'pool'),
    detail: detail ?? undefined,
  };
}

export function planStepFromWire({ step, service, batch, pool, detail }: WirePlanStep): PlanStep {
  return { step: known(steps.fromWire(step), 'step', step), service: service ?? null, batch, pool: pool ?? null, detail: detail ?? null };
}

function resultToWire(result: OperationResult): WireResult {
  return {
    operation: result.operation,
    action: actions.toWire(result.action),
    outcome: outcomes.toWire(result.outcome),
    exit: toUint32(result.exit, 'exit code'),
    seconds: finite(result.seconds, 'duration of the operation'),
    why: result.why ?? undefined,
    services: result.services.map(memberToWire),
  };
}

function resultFromWire(wire: WireResult): OperationResult {
  return {
    operation: wire.operation,
    action: actionFromWire(wire.action),
    outcome: known(outcomes.fromWire(wire.outcome), 'outcome', wire.outcome),
    exit: wire.exit,
    seconds: fromDouble(wire.seconds, 'duration of the operation'),
    why: wire.why ?? null,
    services: wire.services.map(memberFromWire),
  };
}

function memberToWire(member: MemberResult): WireMemberResult {
  const durations = Object.entries(member.stepsMs).map(([step, ms]) => ({
    step: steps.toWire(step as Step),
    ms: finite(ms, 'duration of a step'),
  }));
  return {
    name: member.name,
    result: results.toWire(member.result),
    why: member.why ?? undefined,
    lastLogEntry: member.lastLogEntry ?? undefined,
    steps: durations,
  };
}

function memberFromWire(wire: WireMemberResult): MemberResult {
  const stepsMs: Partial<Record<Step, number>> = {};
  for (const { step, ms } of wire.steps) {
    const name = steps.fromWire(step);
    if (name !== undefined) stepsMs[name] = fromDouble(ms, 'duration of a step');
  }
  return {
    name: wire.name,
    result: known(results.fromWire(wire.result), 'result of a service', wire.result),
    why: wire.why ?? null,
    lastLogEntry: wire.lastLogEntry ?? null,
    stepsMs,
  };
}

export function summaryToWire(summary: OperationSummary): WireSummary {
  return {
    id: summary.id,
    action: actions.toWire(summary.action),
    state: summaryStates.toWire(summary.state),
    startedMs: toInt64(summary.started, 'start of the operation'),
    endedMs: summary.ended === null ? undefined : toInt64(summary.ended, 'end of the operation'),
    by: summary.by,
    done: [...summary.done],
    failed: [...summary.failed],
    untouched: [...summary.untouched],
  };
}

export function summaryFromWire(wire: WireSummary): OperationSummary {
  return {
    id: wire.id,
    action: actionFromWire(wire.action),
    state: known(summaryStates.fromWire(wire.state), 'state of an operation', wire.state),
    started: fromTime(wire.startedMs, 'start of the operation'),
    ended: wire.endedMs === undefined ? null : fromTime(wire.endedMs, 'end of the operation'),
    by: wire.by,
    done: wire.done,
    failed: wire.failed,
    untouched: wire.untouched,
  };
}

export const actions = enumCodec<OperationAction, Action>({
  start: Action.OPERATION_ACTION_START,
  restart: Action.OPERATION_ACTION_RESTART,
  stop: Action.OPERATION_ACTION_STOP,
  rotate: Action.OPERATION_ACTION_ROTATE,
  purge: Action.OPERATION_ACTION_PURGE,
  repair: Action.OPERATION_ACTION_REPAIR,
});
export const actionFromWire = (action: number): OperationAction => known(actions.fromWire(action), 'action', action);

const steps = enumCodec<Step, WireStep>({
  out: WireStep.STEP_OUT,
  drain: WireStep.STEP_DRAIN,
  stop: WireStep.STEP_STOP,
  start: WireStep.STEP_START,
  check: WireStep.STEP_CHECK,
  warm: WireStep.STEP_WARM,
  in: WireStep.STEP_IN,
  back: WireStep.STEP_BACK,
  skip: WireStep.STEP_SKIP,
  fail: WireStep.STEP_FAIL,
  rotate: WireStep.STEP_ROTATE,
  purge: WireStep.STEP_PURGE,
});
const stepStates = enumCodec<'begin' | 'end', StepState>({ begin: StepState.STATE_BEGIN, end: StepState.STATE_END });
const outcomes = enumCodec<OutcomeKind, Outcome>({
  completed: Outcome.OUTCOME_COMPLETED,
  halted: Outcome.OUTCOME_HALTED,
  aborted: Outcome.OUTCOME_ABORTED,
  interrupted: Outcome.OUTCOME_INTERRUPTED,
  refused: Outcome.OUTCOME_REFUSED,
});
const results = enumCodec<MemberResult['result'], Result>({
  done: Result.RESULT_DONE,
  failed: Result.RESULT_FAILED,
  untouched: Result.RESULT_UNTOUCHED,
  skipped: Result.RESULT_SKIPPED,
});
const summaryStates = enumCodec<OperationSummary['state'], SummaryState>({
  running: SummaryState.STATE_RUNNING,
  completed: SummaryState.STATE_COMPLETED,
  halted: SummaryState.STATE_HALTED,
  aborted: SummaryState.STATE_ABORTED,
  interrupted: SummaryState.STATE_INTERRUPTED,
});
