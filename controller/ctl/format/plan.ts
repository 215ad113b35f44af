import type { Plan } from '../../../shared/model/control-api.js';
import type { PlanStep } from '../../../shared/model/operation.js';
import { STEP_LABELS } from './steps.js';
import { formatSize } from './report.js';
import type { Style } from './style.js';
import { formatTable } from './table.js';
import { oneLine } from './text.js';

/** `--dry-run`: a line per client and batch with its steps in order. */
export function formatPlan(action: string, plan: Plan, style: Style): string {
  if (plan.steps.length === 0) return `${action}: nothing to do\n${warnings(plan, style)}`;
  const groups = groupSteps(plan.steps);
  const pools = new Set(plan.steps.flatMap((step) => (step.pool === null ? [] : [step.pool])));
  const services = new Set(plan.steps.flatMap((step) => (step.service === null ? [] : [step.service])));
  const rows = groups.map(({ first, steps }) => [
    { text: `  ${first.batch}` },
    { text: first.pool === null ? '-' : String(first.pool) },
    { text: first.service === null ? '-' : oneLine(first.service), paint: style.bold },
    { text: steps.map(stepText).join(` ${style.glyphs.arrow} `) },
  ]);
  const header = ['  BATCH', 'POOL', 'SERVICE', 'STEPS'].map((text) => ({ text, paint: style.dim }));
  return `${style.bold(`${action} would do this`)} (${formatSize(services.size, pools.size)}); nothing was touched:\n\n${formatTable([header, ...rows])}${warnings(plan, style)}`;
}

interface Group {
  readonly first: PlanStep;
  readonly steps: readonly PlanStep[];
}

/** Steps of one service in one batch are one line, wherever they stand in the plan. */
function groupSteps(steps: readonly PlanStep[]): Group[] {
  const groups = new Map<string, { first: PlanStep; steps: PlanStep[] }>();
  for (const step of steps) {
    const key = `${step.batch} ${step.service ?? ''}`;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, { first: step, steps: [step] });
    else group.steps.push(step);
  }
  return [...groups.values()];
}

const stepText = (step: PlanStep): string =>
  step.detail === null ? STEP_LABELS[step.step] : `${STEP_LABELS[step.step]} (${oneLine(step.detail)})`;

const warnings = (plan: Plan, style: Style): string =>
  plan.warnings.length === 0 ? '' : `\n${plan.warnings.map((one) => `${style.warn('warning')}  ${oneLine(one)}\n`).join('')}`;
