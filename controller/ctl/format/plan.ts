import type { Plan } from '../../../shared/model/control-api.js';
import type { PlanStep } from '../../../shared/model/operation.js';
import { STEP_LABELS } from './steps.js';
import type { Style } from './style.js';
import { formatTable } from './table.js';
import { oneLine } from './text.js';
import { counted } from './units.js';

/** `--dry-run`: a line per client and batch with its steps in order. */
export function formatPlan(action: string, plan: Plan, style: Style): string {
  if (plan.steps.length === 0) return `${action}: nothing to do\n${warnings(plan, style)}`;
  const groups = groupSteps(plan.steps);
  const rows = groups.map(({ first, steps }) => [
    { text: `  ${first.batch}` },
    { text: first.pool === null ? '-' : String(first.pool) },
    { text: first.service === null ? '-' : oneLine(first.service), paint: style.bold },
    { text: steps.map(stepText).join(` ${style.glyphs.arrow} `) },
  ]);
  const header = ['  BATCH', 'POOL', 'SERVICE', 'STEPS'].map((text) => ({ text, paint: style.dim }));
  return `${style.bold(`${action} would do this`)} (${sizeOf(plan.steps)}); nothing was touched:\n\n${formatTable([header, ...rows])}${warnings(plan, style)}`;
}

/** `3 clients, 2 pools, 1 other service`. */
function sizeOf(steps: readonly PlanStep[]): string {
  const pools = new Set(steps.flatMap(({ pool }) => pool ?? []));
  const clients = new Set(steps.flatMap(({ pool, service }) => (pool === null ? [] : (service ?? []))));
  const others = new Set(steps.flatMap(({ service }) => (service === null || clients.has(service) ? [] : [service])));
  if (clients.size === 0) return counted(others.size, 'service');
  const size = `${counted(clients.size, 'client')}, ${counted(pools.size, 'pool')}`;
  return others.size === 0 ? size : `${size}, ${counted(others.size, 'other service')}`;
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
