import type { Plan, RunRequest } from '../../../shared/model/control-api.js';
import type { RepairDecision } from '../../../shared/model/repair.js';
import { EXIT, type ExitCode } from '../exit-codes.js';
import { follow } from '../operation/follow.js';
import { toLine } from '../format/error.js';
import { planToJson } from '../format/json-operation.js';
import { formatRepair } from '../format/repair.js';
import type { RepairInvocation } from '../typed/actions/repair.js';
import type { Connected } from '../session.js';
import { createView } from '../operation/view-of.js';
import { removeLockFirst } from './lock.js';

/** `repair`, in both forms. Whoever types it wants it: it never asks. */
export async function repair(connected: Connected, invocation: RepairInvocation): Promise<number> {
  const { api, deps } = connected;
  const defaults = { force: false, oldForm: false, maxFail: null, batch: null, deadlineS: null };
  const request: RunRequest = { ...defaults, action: 'repair', selectors: invocation.selectors, by: deps.by, noMail: invocation.noMail };
  if (invocation.explain) return explain(connected, request);
  if (invocation.removeLock) await removeLockFirst(connected, false);
  return follow(connected, { events: (signal) => api.run(request, signal), view: createView(connected, 'repair'), owner: true });
}

async function explain({ api, deps, options, style, signal }: Connected, request: RunRequest): Promise<number> {
  const plan = await api.plan(request, signal);
  const decisions = plan.decisions ?? [];
  const exit = exitOf(decisions);
  deps.terminal.out(options.json ? toLine(repairToJson(plan, decisions, exit)) : formatRepair(decisions, plan.warnings, style));
  return exit;
}

const repairToJson = (plan: Plan, decisions: readonly RepairDecision[], exit: ExitCode): object => ({
  ...planToJson('repair', plan),
  exit,
  decisions: decisions.map(({ service, state, action, reason }) => ({ service, state, action, reason })),
});

/** As of a check: nothing has been mended yet. */
function exitOf(decisions: readonly RepairDecision[]): ExitCode {
  if (decisions.some(({ state }) => state === 'critical')) return EXIT.critical;
  return decisions.some(({ state }) => state === 'unknown') ? EXIT.unreached : EXIT.well;
}
