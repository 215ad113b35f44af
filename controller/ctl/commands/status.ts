import type { CheckReport } from '../../../shared/model/check-report.js';
import type { StatusInvocation } from '../typed/actions/status.js';
import { worstExit } from '../exit-codes.js';
import { formatReport } from '../format/check-table.js';
import { toLine } from '../format/error.js';
import { reportToJson } from '../format/json-report.js';
import { formatTime } from '../format/units.js';
import type { Connected } from '../session.js';

/** With `--watch` it goes on until its signal ends it; on a terminal each table takes the place of the one before. */
export async function status(connected: Connected, invocation: StatusInvocation): Promise<number> {
  const { api, deps, signal } = connected;
  for (;;) {
    const report = await api.status({ selectors: invocation.selectors }, signal);
    deps.terminal.out(textOf(connected, invocation, report));
    if (!invocation.watch) return worstExit([report.exit]);
    await deps.clock.sleep(WATCH_MS, signal);
  }
}

const WATCH_MS = 2_000;
const HOME_AND_CLEAR = '\x1b[H\x1b[2J';

function textOf({ deps, options, style }: Connected, { watch }: StatusInvocation, report: CheckReport): string {
  const now = deps.clock.now();
  if (options.json) return toLine(reportToJson('status', report, now));
  const text = formatReport(report, { ages: true, now, verbose: options.verbose }, style);
  if (!watch) return text;
  return `${deps.terminal.live ? HOME_AND_CLEAR : ''}${style.dim(formatTime(now))}\n${text}${deps.terminal.live ? '' : '\n'}`;
}
