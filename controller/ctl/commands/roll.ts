import type { RunRequest } from '../../../shared/model/control-api.js';
import { confirm } from '../operation/confirm.js';
import { EXIT } from '../exit-codes.js';
import { follow } from '../operation/follow.js';
import { toLine } from '../format/error.js';
import { planToJson } from '../format/json-operation.js';
import { formatPlan } from '../format/plan.js';
import type { RollInvocation } from '../typed/actions/roll.js';
import type { Connected } from '../session.js';
import { removeLockFirst } from './lock.js';
import { createView } from '../operation/view-of.js';

/** `start`, `restart`, `stop`, in both forms. */
export async function roll(connected: Connected, invocation: RollInvocation): Promise<number> {
  const { api, deps } = connected;
  const request: RunRequest = {
    action: invocation.action,
    selectors: invocation.selectors,
    by: deps.by,
    force: invocation.force,
    oldForm: invocation.oldForm,
    maxFail: invocation.maxFail,
    batch: invocation.batch,
    deadlineS: invocation.deadlineS,
    ...(invocation.rotate ? { rotate: true } : {}),
    ...(invocation.purge ? { purge: true } : {}),
    path: invocation.path ?? undefined,
    canary: invocation.canary ?? undefined,
    canaryWaitS: invocation.canaryWaitS ?? undefined,
    minHealthyS: invocation.minHealthyS ?? undefined,
    ...(invocation.noMail ? { noMail: true } : {}),
  };
  if (invocation.dryRun) return dryRun(connected, request);
  if (invocation.removeLock) await removeLockFirst(connected, invocation.force);
  const confirmed = await confirm(connected, invocation, request);
  return follow(connected, { events: (signal) => api.run(confirmed, signal), view: createView(connected, invocation.action), owner: true });
}

async function dryRun({ api, deps, options, style, signal }: Connected, request: RunRequest): Promise<number> {
  const plan = await api.plan(request, signal);
  deps.terminal.out(options.json ? toLine(planToJson(request.action, plan)) : formatPlan(request.action, plan, style));
  return EXIT.well;
}
