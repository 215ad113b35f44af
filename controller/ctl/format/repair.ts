import type { RepairAction, RepairDecision, RepairState } from '../../../shared/model/repair.js';
import type { Style } from './style.js';
import { formatTable } from './table.js';
import { oneLine } from './text.js';

/** `repair --explain`: a line a service, in the order in which they would be touched. */
export function formatRepair(decisions: readonly RepairDecision[], warnings: readonly string[], style: Style): string {
  const header = ['  SERVICE', 'STATE', 'REPAIR', 'WHY'].map((text) => ({ text, paint: style.dim }));
  const paints: Readonly<Record<RepairState, (text: string) => string>> = { well: style.good, critical: style.bad, unknown: style.warn };
  const rows = decisions.map(({ service, state, action, reason }) => [
    { text: `  ${oneLine(service)}`, paint: style.bold },
    { text: state, paint: paints[state] },
    { text: LABELS[action] },
    { text: oneLine(reason) },
  ]);
  const warned = warnings.map((one) => `${style.warn('warning')}  ${oneLine(one)}\n`);
  return `${style.bold('repair would do this')}; nothing was touched:\n\n${formatTable([header, ...rows])}${warned.join('')}`;
}

const LABELS: Readonly<Record<RepairAction, string>> = {
  none: 'nothing',
  start: 'start',
  restart: 'restart',
  recheck: 'look again, then restart',
  'give-up': 'given up',
};
