import type { LockHolder, LockReport } from '../../../shared/model/lock.js';
import type { Style } from './style.js';
import { oneLine } from './text.js';

export function formatLock({ path, holder }: LockReport, style: Style): string {
  if (holder === null) return `${style.good('free')}  ${oneLine(path)}\n`;
  const state = holder.alive ? style.warn('held') : style.bad('stale');
  const next = holder.alive ? '' : `  ${style.glyphs.arrow} it frees itself for whoever comes next; \`ctl lock -r\` removes it now\n`;
  return `${state}  ${oneLine(describe(holder))}\n  ${oneLine(path)}\n${next}`;
}

export function formatRemoved({ path, removed }: LockReport, style: Style): string {
  if (removed === null) return `there is no lock ${oneLine(path)}\n`;
  return `${style.warn('removed')} the lock of ${oneLine(describe(removed))}\n`;
}

export const lockToJson = ({ path, holder, removed }: LockReport, exit: number): object => ({
  ...{ schema: 1, action: 'lock', exit, path },
  holder,
  removed,
});

function describe({ what, by, host, pid, since, why }: LockHolder): string {
  const process = pid === null ? '' : `process ${pid} `;
  return `${what} by ${by}, ${process}on ${host}${since === null ? '' : ` since ${since}`} (${why})`;
}
