import type { PerfFigures, PerfReport } from '../../../shared/model/perf.js';
import { EXIT } from '../exit-codes.js';
import { toLine } from '../format/error.js';
import type { Style } from '../format/style.js';
import { formatTable, type Cell } from '../format/table.js';
import { oneLine } from '../format/text.js';
import { formatMs, isoTime } from '../format/units.js';
import type { PerfInvocation } from '../typed/actions/perf.js';
import type { Connected } from '../session.js';

export async function perf({ api, deps, options, style, signal }: Connected, { selectors }: PerfInvocation): Promise<number> {
  const report = await api.perf({ selectors }, signal);
  deps.terminal.out(options.json ? toLine(perfToJson(report)) : formatPerf(report, style));
  return EXIT.well;
}

const perfToJson = ({ from, to, rows, warnings }: PerfReport): object => ({
  schema: 1,
  action: 'perf',
  exit: EXIT.well,
  from: isoTime(from),
  to: isoTime(to),
  pages: rows.map(({ service, host, url, now, before }) => ({ service, host, url, week: figures(now), week_before: figures(before) })),
  warnings,
});

const figures = (of: PerfFigures | null): object | null =>
  of === null ? null : { count: of.count, p50_s: of.p50, p95_s: of.p95, max_s: of.max };

/** A line a page; the week before stands beside each figure. */
function formatPerf({ rows, warnings }: PerfReport, style: Style): string {
  const notes = warnings.map((one) => `${style.warn('warning')}  ${oneLine(one)}\n`).join('');
  if (rows.length === 0) return `no page was timed in the last two weeks\n${notes}`;
  const titles = ['SERVICE', 'HOST', 'URL', 'COUNT', 'P50', 'P95', 'MAX', 'THE WEEK BEFORE'];
  const table = rows.map(({ service, host, url, now, before }): Cell[] => [
    ...[service, host, url].map((text) => ({ text: oneLine(text) })),
    ...[now === null ? '0' : String(now.count), timeOf(now, 'p50'), timeOf(now, 'p95'), timeOf(now, 'max')].map((text) => ({ text })),
    weekBefore(now, before, style),
  ]);
  return `${formatTable([titles.map((text) => ({ text, paint: style.dim })), ...table])}${notes === '' ? '' : `\n${notes}`}`;
}

const timeOf = (of: PerfFigures | null, key: 'p50' | 'p95' | 'max'): string => (of === null ? '-' : formatMs(of[key] * 1000));

function weekBefore(now: PerfFigures | null, before: PerfFigures | null, style: Style): Cell {
  if (before === null) return { text: '-' };
  const text = `${timeOf(before, 'p50')}, ${timeOf(before, 'p95')}, ${timeOf(before, 'max')} (${before.count})`;
  // Twice the time is worth a word.
  if (now === null || before.p50 === 0 || now.p50 < 2 * before.p50) return { text, paint: style.dim };
  return { text: `${text}  now ${(now.p50 / before.p50).toFixed(1)} times as long`, paint: style.warn };
}
