import type { Plan, RunRequest } from '../../../shared/model/control-api.js';
import { EXIT } from '../exit-codes.js';
import { follow } from '../operation/follow.js';
import { toLine } from '../format/error.js';
import { planToJson } from '../format/json-operation.js';
import type { Style } from '../format/style.js';
import { oneLine } from '../format/text.js';
import type { RotateInvocation } from '../typed/actions/rotate.js';
import { removeLockFirst } from './lock.js';
import type { Connected } from '../session.js';
import { createView } from '../operation/view-of.js';

/** `rotate`, in both forms. It interrupts nobody, so it never asks. */
export async function rotate(connected: Connected, invocation: RotateInvocation): Promise<number> {
  const { api, deps, options, style, signal } = connected;
  const defaults = { force: false, oldForm: false, maxFail: null, batch: null, deadlineS: null };
  const request: RunRequest = { ...defaults, action: 'rotate', selectors: invocation.selectors, by: deps.by, noMail: invocation.noMail };
  if (!invocation.dryRun) {
    if (invocation.removeLock) await removeLockFirst(connected, false);
    return follow(connected, { events: (following) => api.run(request, following), view: createView(connected, 'rotate'), owner: true });
  }
  const plan = await api.plan(request, signal);
  deps.terminal.out(options.json ? toLine(planToJson('rotate', plan)) : formatRotations(plan, style));
  return EXIT.well;
}

/** A line a log, under its service: by which method, and what could be lost. */
function formatRotations({ steps, warnings }: Plan, style: Style): string {
  const services = [...new Set(steps.map((step) => step.service ?? ''))];
  const lines = services.flatMap((service) => [
    `  ${style.bold(oneLine(service))}`,
    ...steps.flatMap((step) => (step.service === service && step.detail !== null ? [`    ${oneLine(step.detail)}`] : [])),
  ]);
  const warned = warnings.map((one) => `${style.warn('warning')}  ${oneLine(one)}`);
  return `${[`${style.bold('rotate would do this')}; nothing was touched:`, ...lines, ...warned].join('\n')}\n`;
}
