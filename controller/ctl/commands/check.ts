import type { CheckInvocation } from '../typed/actions/check.js';
import { worstExit } from '../exit-codes.js';
import { formatReport } from '../format/check-table.js';
import { toLine } from '../format/error.js';
import { reportToJson } from '../format/json-report.js';
import { formatNagios } from '../format/nagios.js';
import type { Connected } from '../session.js';

export async function check({ api, deps, options, style, signal }: Connected, invocation: CheckInvocation): Promise<number> {
  const report = await api.check(
    { selectors: invocation.selectors, path: invocation.path, ...(invocation.noMail ? { noMail: true } : {}) },
    signal,
  );
  if (invocation.nagios) {
    const { line, exit } = formatNagios(report);
    deps.terminal.out(`${line}\n`);
    return exit;
  }
  const now = deps.clock.now();
  deps.terminal.out(
    options.json ? toLine(reportToJson('check', report, now)) : formatReport(report, { ages: false, now, verbose: options.verbose }, style),
  );
  return worstExit([report.exit]);
}
