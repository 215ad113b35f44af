import type { OperationSummary } from '../../../shared/model/operation.js';
import type { CommandLine } from './report.js';
import type { Style } from './style.js';
import { formatTable } from './table.js';
import { oneLine } from './text.js';
import { formatMs, formatTime } from './units.js';

export interface OperationsOptions {
  /** Names instead of numbers. */
  readonly verbose: boolean;
  readonly now: number;
  readonly command: CommandLine;
}

/** `operations list`, and what to do about those that did not end. */
export function formatOperations(operations: readonly OperationSummary[], options: OperationsOptions, style: Style): string {
  if (operations.length === 0) return 'no operations yet\n';
  const header = ['ID', 'ACTION', 'STATE', 'STARTED', 'TOOK', 'BY', 'DONE', 'FAILED', 'UNTOUCHED'].map((text) => ({
    text,
    paint: style.dim,
  }));
  const names = (list: readonly string[]) => (options.verbose ? list.map(oneLine).join(',') || '-' : String(list.length));
  const rows = operations.map((one) => [
    { text: oneLine(one.id), paint: style.bold },
    { text: one.action },
    { text: one.state, paint: paintOf(one.state, style) },
    { text: formatTime(one.started) },
    { text: formatMs(Math.max(0, (one.ended ?? options.now) - one.started)) },
    { text: oneLine(one.by) },
    { text: names(one.done) },
    { text: names(one.failed), paint: one.failed.length > 0 ? style.bad : undefined },
    { text: names(one.untouched) },
  ]);
  return formatTable([header, ...rows]) + advice(operations, options.command, style);
}

function paintOf(state: OperationSummary['state'], style: Style): (text: string) => string {
  const paints = { running: style.bold, completed: style.good, halted: style.bad, aborted: style.dim, interrupted: style.warn };
  return paints[state];
}

function advice(operations: readonly OperationSummary[], command: CommandLine, style: Style): string {
  const lines = operations.flatMap((one) => {
    if (one.state === 'running') return [`\`${command('operations', 'show', one.id, '--follow')}\` watches it`];
    if (one.state === 'interrupted' || one.state === 'halted') return [`\`${command('operations', 'resume', one.id)}\` goes on with it`];
    return [];
  });
  // Only the newest ones matter: an old halt has long been dealt with.
  return lines.length === 0
    ? ''
    : `\n${lines
        .slice(-2)
        .map((line) => `${style.glyphs.arrow} ${line}\n`)
        .join('')}`;
}
