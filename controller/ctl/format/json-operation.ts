import type { Plan } from '../../../shared/model/control-api.js';
import type { MemberResult, OperationEvent, OperationResult, OperationSummary, PlanStep, Step } from '../../../shared/model/operation.js';
import { isoTime } from './units.js';

/** A step of the stream of `start`, `stop`, `restart`. */
export function stepToJson(event: Extract<OperationEvent, { type: 'step' }>): object {
  return {
    type: 'step',
    operation: event.operation,
    service: event.service,
    step: publicStep(event.step),
    state: event.state,
    at: isoTime(event.at),
    ms: event.ms === null ? null : Math.round(event.ms),
    detail: event.detail,
  };
}

/** The last line of the stream. `outcome` is null for an operation that runs on and is only being looked at. */
export function resultToJson(result: Omit<OperationResult, 'outcome'> & { readonly outcome: OperationResult['outcome'] | null }): object {
  return {
    type: 'result',
    schema: 1,
    action: result.action,
    exit: result.exit,
    operation: result.operation,
    outcome: result.outcome,
    seconds: Math.round(result.seconds * 1000) / 1000,
    why: result.why,
    services: result.services.map(memberToJson),
  };
}

export const planToJson = (action: string, plan: Plan): object => ({
  schema: 1,
  action,
  exit: 0,
  plan: plan.steps.map(planStepToJson),
  warnings: plan.warnings,
  interrupts: plan.interrupts,
});

export const operationsToJson = (operations: readonly OperationSummary[]): object => ({
  schema: 1,
  action: 'operations list',
  exit: 0,
  operations: operations.map((one) => ({
    id: one.id,
    action: one.action,
    state: one.state,
    started: isoTime(one.started),
    ended: one.ended === null ? null : isoTime(one.ended),
    by: one.by,
    done: one.done,
    failed: one.failed,
    untouched: one.untouched,
  })),
});

const memberToJson = (member: MemberResult): object => ({
  name: member.name,
  result: member.result,
  why: member.why,
  last_log_entry: member.lastLogEntry,
  steps: stepsToJson(member.stepsMs),
});

/** Times of one public name add up: a client that went out and `back` has been `in` once more. */
function stepsToJson(stepsMs: MemberResult['stepsMs']): Record<string, number> {
  const steps: Record<string, number> = {};
  for (const [step, ms] of Object.entries(stepsMs)) {
    const key = `${publicStep(step as Step)}_ms`;
    steps[key] = (steps[key] ?? 0) + Math.round(ms);
  }
  return steps;
}

const planStepToJson = ({ step, service, batch, pool, detail }: PlanStep): object => ({
  step: publicStep(step),
  service,
  batch,
  pool,
  detail,
});

/** The specified names of the steps know no `back`: for a reader it is an `in`, and its detail says why. */
const publicStep = (step: Step): string => (step === 'back' ? 'in' : step);
