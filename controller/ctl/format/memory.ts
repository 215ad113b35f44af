import type { MemoryResult } from '../../../shared/model/check-report.js';
import type { ChildMemory } from '../../../shared/model/memory.js';
import type { MemoryReport, MemoryRow } from '../../../shared/model/memory-report.js';
import type { Measured } from '../../../shared/model/observation.js';
import { pidOf } from '../../../shared/model/process.js';
import type { Style } from './style.js';
import { formatTable, type Cell } from './table.js';
import { oneLine } from './text.js';
import { formatKb, formatMs, formatTime } from './units.js';

type Used = Extract<MemoryResult, { ok: true }>;

/** The table of `mem`: a line a service, with `--tree` one for each process below it; then why something was not measured. */
export function formatMemory(report: MemoryReport, style: Style): string {
  const { services, warnings, at } = report;
  const withPss = services.some(({ pss }) => pss !== null);
  const titles = ['SERVICE', 'HOST', 'PID', 'RSS', ...(withPss ? ['PSS'] : []), 'LIMIT', 'SHARE', 'UPTIME', 'TREND', 'LIMIT REACHED'];
  const header = titles.map((text) => ({ text, paint: style.dim }));
  const rows = services.flatMap((row) => [rowOf(row, { at, withPss }, style), ...treeOf(row, withPss, titles.length, style)]);
  const stopped = services.flatMap(({ report: { name, state, memory: seen } }) =>
    state === 'stopped' && seen?.ok === false ? [`${style.dim('stopped ')}  ${oneLine(`${name}: ${seen.why}`)}\n`] : [],
  );
  const unknown = [...services.flatMap((row) => reasonsOf(row)), ...warnings];
  const notes = [...stopped, ...unknown.map((text) => `${style.warn('unknown ')}  ${oneLine(text)}\n`)];
  const table = services.length === 0 ? 'no services\n' : formatTable([header, ...rows]);
  return notes.length === 0 ? table : `${table}\n${notes.join('')}`;
}

interface Columns {
  readonly at: number;
  readonly withPss: boolean;
}

/** When the limit is reached if it goes on like this (epoch ms); null: it is not known, or never. */
export function limitReachedAt({ rssKb, limitKb, growthKbPerH }: Used, at: number): number | null {
  if (limitKb === 0 || growthKbPerH === null || growthKbPerH <= 0 || rssKb >= limitKb) return null;
  const hours = (limitKb - rssKb) / growthKbPerH;
  return hours > MAX_HOURS ? null : at + hours * 3_600_000;
}

/** Nobody waits for it. */
const MAX_HOURS = 24 * 365;

function rowOf({ report, pss }: MemoryRow, { at, withPss }: Columns, style: Style): Cell[] {
  const { memory, state } = report;
  const names = [{ text: oneLine(report.name), paint: state === 'critical' ? style.bold : undefined }, { text: oneLine(report.host) }];
  if (memory?.ok !== true) {
    const text = state === 'stopped' ? 'stopped' : '?';
    return [...names, ...fill([{ text: '-' }, { text, paint: state === 'stopped' ? style.dim : style.warn }], withPss ? 8 : 7)];
  }
  const { rssKb, limitKb, process, uptimeS, growthKbPerH } = memory;
  const share = Math.round((rssKb / limitKb) * 100);
  const paint = limitKb === 0 || share < 90 ? undefined : share > 100 ? style.bad : style.warn;
  const reached = limitReachedAt(memory, at);
  return [
    ...names,
    { text: String(pidOf(process)) },
    { text: formatKb(rssKb), paint },
    ...(withPss ? [kbCell(pss, style)] : []),
    { text: limitKb === 0 ? '-' : formatKb(limitKb) },
    { text: limitKb === 0 ? '-' : `${share}%`, paint },
    { text: formatUptime(uptimeS) },
    growthKbPerH === null ? { text: '?', paint: style.dim } : { text: formatGrowth(growthKbPerH) },
    { text: reached === null ? '-' : formatTime(reached).slice(0, -3), paint: style.warn },
  ];
}

function treeOf({ tree }: MemoryRow, withPss: boolean, columns: number, style: Style): Cell[][] {
  if (tree?.ok !== true) return [];
  const depths = new Map<number, number>();
  return tree.children.map((child: ChildMemory) => {
    const depth = (depths.get(child.parent) ?? 0) + 1;
    depths.set(pidOf(child.process), depth);
    const name = { text: `${'  '.repeat(depth)}${style.glyphs.dot} ${oneLine(child.command)}`, paint: style.dim };
    const cells = [name, { text: '' }, { text: String(pidOf(child.process)) }, kbCell(child.rss, style)];
    return fill(withPss ? [...cells, kbCell(child.pss, style)] : cells, columns);
  });
}

const fill = (cells: readonly Cell[], columns: number): Cell[] => [
  ...cells,
  ...Array.from({ length: Math.max(0, columns - cells.length) }, () => ({ text: '' })),
];

function kbCell(kb: Measured<{ readonly kb: number }> | null, style: Style): Cell {
  if (kb === null) return { text: '-' };
  return kb.ok ? { text: formatKb(kb.kb) } : { text: '?', paint: style.warn };
}

const formatGrowth = (kbPerH: number): string => `${kbPerH < 0 ? '-' : '+'}${formatKb(Math.abs(kbPerH))}/h`;

/** `3 d`, else as other durations. */
const formatUptime = (seconds: number): string => (seconds >= 172_800 ? `${Math.floor(seconds / 86_400)} d` : formatMs(seconds * 1000));

function reasonsOf({ report, pss, tree }: MemoryRow): string[] {
  const parts: string[] = report.findings.filter(({ kind }) => kind === 'unmeasured').map(({ message }) => message);
  if (pss?.ok === false) parts.push(`${report.name}: PSS: ${pss.why}`);
  if (tree?.ok === false) parts.push(`${report.name}: its children: ${tree.why}`);
  return parts;
}
