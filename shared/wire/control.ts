import type { CheckRequest, Plan, RunRequest, StatusRequest } from '../model/control-api.js';
import { enumCodec, finite, fromSeconds, known, toUint32 } from './fields.js';
import {
  HaltRequest_How as How,
  type CheckRequest as WireCheckRequest,
  type HaltRequest as WireHaltRequest,
  type OperationPlan as WirePlan,
  type RunRequest as WireRunRequest,
  type StatusRequest as WireStatusRequest,
} from './gen/ctl/v1/control.js';
import { decisionFromWire, decisionToWire } from './repair.js';
import { actionFromWire, actions, planStepFromWire, planStepToWire } from './operation.js';

export { backendsRequestFromWire, backendsRequestToWire, balancerReportFromWire, balancerReportToWire } from './balancer-report.js';
export { checkReportFromWire, checkReportToWire } from './check-report.js';
export { configDiffFromWire, configDiffToWire } from './config-diff.js';
export { logEventFromWire, logEventToWire, logRequestFromWire, logRequestToWire } from './log-search.js';
export { memoryReportFromWire, memoryReportToWire, memoryRequestFromWire, memoryRequestToWire } from './memory-report.js';
export { perfReportFromWire, perfReportToWire, perfRequestFromWire, perfRequestToWire } from './perf.js';
export { eventFromWire, eventToWire, summaryFromWire, summaryToWire } from './operation.js';

export const checkRequestToWire = (request: CheckRequest): WireCheckRequest => ({
  selectors: [...request.selectors],
  path: request.path ?? undefined,
  noMail: request.noMail ?? false,
});
export const checkRequestFromWire = (wire: WireCheckRequest): CheckRequest => ({
  selectors: wire.selectors,
  path: wire.path ?? null,
  ...(wire.noMail ? { noMail: true } : {}),
});

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
    noMail: request.noMail ?? false,
    purge: request.purge ?? false,
    urls: [...(request.urls ?? [])],
    path: request.path,
    canary: request.canary === undefined ? undefined : toUint32(request.canary, '--canary'),
    canaryWaitS: request.canaryWaitS === undefined ? undefined : finite(request.canaryWaitS, '--canary-wait'),
    minHealthyS: request.minHealthyS === undefined ? undefined : finite(request.minHealthyS, '--min-healthy'),
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
    deadlineS: seconds(wire.deadlineS, '--deadline') ?? null,
    ...(wire.rotate ? { rotate: true } : {}),
    ...(wire.noMail ? { noMail: true } : {}),
    ...(wire.purge ? { purge: true } : {}),
    ...(wire.urls.length === 0 ? {} : { urls: wire.urls }),
    path: wire.path,
    canary: wire.canary,
    canaryWaitS: seconds(wire.canaryWaitS, '--canary-wait'),
    minHealthyS: seconds(wire.minHealthyS, '--min-healthy'),
  };
}

const seconds = (value: number | undefined, option: string): number | undefined =>
  value === undefined ? undefined : fromSeconds(value, option);

export const planToWire = (plan: Plan): WirePlan => ({
  steps: plan.steps.map(planStepToWire),
  warnings: [...plan.warnings],
  interrupts: [...plan.interrupts],
  decisions: (plan.decisions ?? []).map(decisionToWire),
});
export const planFromWire = (wire: WirePlan): Plan => ({
  steps: wire.steps.map(planStepFromWire),
  warnings: wire.warnings,
  interrupts: wire.interrupts,
  ...(wire.decisions.length === 0 ? {} : { decisions: wire.decisions.map(decisionFromWire) }),
});

export interface Halt {
  readonly id: string;
  readonly how: 'interrupted' | 'aborted';
  readonly by: string;
}
export const haltToWire = ({ id, how, by }: Halt): WireHaltRequest => ({ id, how: hows.toWire(how), by });
export const haltFromWire = (wire: WireHaltRequest): Halt => ({
  id: wire.id,
  how: known(hows.fromWire(wire.how), 'way to halt', wire.how),
  by: wire.by,
});

const hows = enumCodec<Halt['how'], How>({ interrupted: How.HOW_INTERRUPTED, aborted: How.HOW_ABORTED });
