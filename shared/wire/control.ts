import type { CheckRequest, Plan, RunRequest, StatusRequest } from '../model/control-api.js';
import { enumCodec, finite, known, toUint32 } from './fields.js';
import {
  HaltRequest_How as How,
  type CheckRequest as WireCheckRequest,
  type HaltRequest as WireHaltRequest,
  type OperationPlan as WirePlan,
  type RunRequest as WireRunRequest,
  type StatusRequest as WireStatusRequest,
} from './gen/ctl/v1/control.js';
import { actionFromWire, actions, planStepFromWire, planStepToWire } from './operation.js';

export { backendsRequestFromWire, backendsRequestToWire, balancerReportFromWire, balancerReportToWire } from './balancer-report.js';
export { checkReportFromWire, checkReportToWire } from './check-report.js';
export { configDiffFromWire, configDiffToWire } from './config-diff.js';
export { logEventFromWire, logEventToWire, logRequestFromWire, logRequestToWire } from './log-search.js';
export { eventFromWire, eventToWire, summaryFromWire, summaryToWire } from './operation.js';

export const checkRequestToWire = (request: CheckRequest): WireCheckRequest => ({
  selectors: [...request.selectors],
  path: request.path ?? undefined,
});
export const checkRequestFromWire = (wire: WireCheckRequest): CheckRequest => ({ selectors: wire.selectors, path: wire.path ?? null });

export const statusRequestToWire = (request: StatusRequest): WireStatusRequest => ({ selectors: [...request.selectors] });
export const statusRequestFromWire = (wire: WireStatusRequest): StatusRequest => ({ selectors: wire.selectors });

export function runRequestToWire(request: RunRequest): WireRunRequest {
  return {
    action: actions.toWire(request.action),
    selectors: [...request.selectors],
    by: request.by,
    force: request.force,
    oldForm: request.oldForm,
    maxFail: request.maxFail === null ? undefined : toUint32(request.maxFail, '--max-fail'),
    batch: request.batch ?? undefined,
    deadlineS: request.deadlineS === null ? undefined : finite(request.deadlineS, '--deadline'),
    rotate: request.rotate ?? false,
  };
}

/** Throws `unsupported` for an action of a later version. */
export function runRequestFromWire(wire: WireRunRequest): RunRequest {
  return {
    action: actionFromWire(wire.action),
    selectors: wire.selectors,
    by: wire.by,
    force: wire.force,
    oldForm: wire.oldForm,
    maxFail: wire.maxFail ?? null,
    batch: wire.batch ?? null,
    deadlineS: wire.deadlineS ?? null,
    ...(wire.rotate ? { rotate: true } : {}),
  };
}

export const planToWire = (plan: Plan): WirePlan => ({
  steps: plan.steps.map(planStepToWire),
  warnings: [...plan.warnings],
  interrupts: [...plan.interrupts],
});
export const planFromWire = (wire: WirePlan): Plan => ({
  steps: wire.steps.map(planStepFromWire),
  warnings: wire.warnings,
  interrupts: wire.interrupts,
});

export interface Halt {
  readonly id: string;
  readonly how: 'interrupted' | 'aborted';
}
export const haltToWire = ({ id, how }: Halt): WireHaltRequest => ({ id, how: hows.toWire(how) });
export const haltFromWire = (wire: WireHaltRequest): Halt => ({
  id: wire.id,
  how: known(hows.fromWire(wire.how), 'way to halt', wire.how),
});

const hows = enumCodec<Halt['how'], How>({ interrupted: How.HOW_INTERRUPTED, aborted: How.HOW_ABORTED });
