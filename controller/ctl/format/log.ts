import type { FoundEntry, LogEvent, LogResult, LogStats } from '../../../shared/model/log-search.js';
import type { Style } from './style.js';
import { formatTable } from './table.js';
import { clip, lengthOf, printable } from './text.js';
import { counted, formatBytes, formatTime } from './units.js';

type Found = Extract<LogEvent, { type: 'entries' }>;

export interface LogText {
  /** Entries, each line with the name of its service in front. */
  entries(found: Found): string;
}

/** The same service has the same colour; names that are seen first come first. */
export function createLogText(style: Style): LogText {
  const colors = new Map<string, (text: string) => string>();
  let width = 0;
  const paintOf = (service: string) => {
    const known = colors.get(service) ?? style.palette[colors.size % style.palette.length] ?? style.bold;
    colors.set(service, known);
    return known;
  };
  return {
    entries({ service, entries }) {
      width = Math.max(width, lengthOf(service));
      const paint = paintOf(service);
      const label = paint(`${service}${' '.repeat(width - lengthOf(service))} |`);
      return entries.map((entry) => formatEntry(entry, label, style)).join('');
    },
  };
}

function formatEntry({ kind, level, text }: FoundEntry, label: string, style: Style): string {
  const lines = printable(text).split('\n');
  const paint =
    kind === 'context' ? style.dim : level === 'ERROR' || level === 'CRITICAL' ? style.bad : level === 'WARNING' ? style.warn : plain;
  return lines.map((line, at) => `${label} ${at === 0 || kind === 'context' ? paint(line) : line}\n`).join('');
}

const plain = (text: string): string => text;

/** Said at once, beside the entries: for standard error too. */
export const formatLogNote = (service: string, note: string, style: Style): string =>
  `${style.warn('note')}  ${service}: ${printable(note)}`;

/** What a search came to: for standard error, beside the entries. */
export function formatLogResult(
  { services }: LogResult,
  shown: { readonly counted: boolean; readonly complete: boolean },
  style: Style,
): string {
  const lines = sum(services.map((one) => one.matchingLines));
  const hits = sum(services.map((one) => one.hits ?? 0));
  if (!shown.complete && shown.counted) return `${style.dim('interrupted before all was counted')}\n`;
  const what = shown.counted ? counted(lines, 'line') : `${counted(hits, 'entry', 'entries')} (${counted(lines, 'line')})`;
  if (!shown.complete) return `${style.dim(`${what} until it was interrupted: there may be more`)}\n`;
  const notes = services.flatMap(({ name, notes: said, why }) => [
    ...said.map((note) => formatLogNote(name, note, style)),
    ...(why === null ? [] : [`${style.bad('not searched')}  ${name}: ${printable(why)}`]),
  ]);
  const omitted = sum(services.map((one) => one.omitted));
  const more = omitted === 0 ? [] : [`${omitted} more`];
  const where = `in ${counted(services.length, 'log')}, ${formatBytes(sum(services.map((one) => one.scannedBytes)))} searched`;
  return [...notes, ...more, style.dim(`${what} ${where}`)].map((line) => `${line}\n`).join('');
}

/** One line for each service: `--count`. */
export function formatLogCounts({ services }: LogResult): string {
  return formatTable(
    services.map(({ name, matchingLines, why }) => [{ text: name }, { text: why === null ? String(matchingLines) : 'unknown' }]),
  );
}

/** `columns`: what there is for the text of a message. */
export function formatLogStats({ services }: LogResult, columns: number, style: Style): string {
  return services.map(({ name, host, stats, why, notes }) => section(`${name} on ${host}`, stats, why, notes)).join('\n');

  function section(title: string, stats: LogStats | null, why: string | null, notes: readonly string[]): string {
    const head = `${style.bold(title)}\n`;
    const said = notes.map((note) => `  ${style.warn('note')}  ${printable(note)}\n`).join('');
    if (stats === null) return `${head}  ${style.bad('unknown')}: ${printable(why ?? 'not measured')}\n`;
    const span = stats.first === null || stats.last === null ? '' : `, ${formatSpan(stats.first, stats.last)}`;
    const levels = stats.levels.map(({ level, entries }) => `${level ?? 'no level'} ${entries}`).join(', ');
    const table = formatTable(
      stats.messages.map(({ entries, level, text, first, last }) => [
        { text: `  ${String(entries).padStart(7)}` },
        { text: level ?? '' },
        { text: first === null || last === null ? '' : formatSpan(first, last) },
        { text: clip(printable(text), columns, style.glyphs.ellipsis) },
      ]),
    );
    return `${head}  ${counted(stats.entries, 'entry', 'entries')}${span}\n${levels === '' ? '' : `  ${levels}\n`}${said}${table}`;
  }
}

/** The day only once. */
function formatSpan(first: number, last: number): string {
  const [from, to] = [formatTime(first), formatTime(last)];
  if (from === to) return from;
  const [day = '', time = ''] = to.split(' ');
  return `${from} to ${from.startsWith(day) ? time : to}`;
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, one) => total + one, 0);
