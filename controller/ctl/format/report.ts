import type { MemberResult, OperationResult, Step } from '../../../shared/model/operation.js';
import { STEP_LABELS } from './steps.js';
import type { Style } from './style.js';
import { formatTable, type Cell } from './table.js';
import { indent, oneLine, printable } from './text.js';
import { formatMs } from './units.js';

/** What to type next about an operation, as the operator would have to type it here. */
export type CommandLine = (...words: string[]) => string;

/** The report at the end: how it ended and why, every client with its times, the last log entry of one that failed, what to do next. */
export function formatResult(result: OperationResult, style: Style, command: CommandLine): string {
  const members = result.services.length === 0 ? '' : `\n${formatTable(result.services.map((member) => memberRow(member, style)))}`;
  const entries = result.services.flatMap((one) => (one.lastLogEntry === null ? [] : [logEntry(one.name, one.lastLogEntry, style)]));
  const next = ['halted', 'interrupted'].includes(result.outcome)
    ? `\n${style.glyphs.arrow} \`${command('operations', 'resume', result.operation)}\` goes on with it, \`${command('operations', 'abort', result.operation)}\` gives it up\n`
    : '';
  return `${headline(result, style)}${members}${entries.join('')}${next}`;
}

function headline(result: OperationResult, style: Style): string {
  const well = result.outcome === 'completed' && result.exit === 0;
  const paint = well ? style.good : result.outcome === 'completed' ? style.warn : style.bad;
  const word = result.outcome === 'completed' ? 'completed' : result.outcome.toUpperCase();
  const counts = (['done', 'failed', 'skipped', 'untouched'] as const)
    .map((kind) => ({ kind, n: result.services.filter((one) => one.result === kind).length }))
    .filter(({ n }) => n > 0)
    .map(({ kind, n }) => `${n} ${kind}`);
  const head =
    `${style.bold(`${result.action} ${paint(word)}`)} ${result.outcome === 'refused' ? '' : `after ${formatMs(result.seconds * 1000)}`}`.trimEnd();
  const why = result.why === null ? '' : `  ${printable(result.why)}\n`;
  return `${head}${counts.length > 0 ? `: ${counts.join(', ')}` : ''}\n${why}`;
}

function memberRow(member: MemberResult, style: Style): Cell[] {
  const { glyphs } = style;
  const looks = {
    done: { glyph: glyphs.done, paint: style.good },
    failed: { glyph: glyphs.failed, paint: style.bad },
    skipped: { glyph: glyphs.skipped, paint: style.warn },
    untouched: { glyph: glyphs.waiting, paint: style.dim },
  };
  const { glyph, paint } = looks[member.result];
  const steps = Object.entries(member.stepsMs);
  const total = steps.reduce((sum, [, ms]) => sum + ms, 0);
  const times = steps.map(([step, ms]) => `${STEP_LABELS[step as Step]} ${formatMs(ms)}`).join(` ${glyphs.dot} `);
  return [
    { text: `  ${glyph} ${oneLine(member.name)}`, paint },
    { text: member.result, paint },
    { text: steps.length === 0 ? '' : formatMs(total) },
    member.why === null ? { text: times, paint: style.dim } : { text: oneLine(member.why) },
  ];
}

function logEntry(name: string, entry: string, style: Style): string {
  return `\n  last log entry of ${oneLine(name)}:\n${style.dim(indent(printable(entry), '  | '))}\n`;
}
