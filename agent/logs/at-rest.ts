import { stat } from 'node:fs/promises';
import type { LogReport } from '../../shared/model/log-report.js';
import type { SearchedLog } from './searched-log.js';
import type { SinceStart } from './since-start.js';

/** The same, but a log that nobody has written to since the last report is not read again: most of them are at rest most of the time. */
export function rememberAtRest(sinceStart: SinceStart): SinceStart {
  const known = new Map<string, { readonly state: string; readonly report: LogReport }>();
  return async (target, signal) => {
    const before = await stateOf(target);
    const last = known.get(target.service);
    if (last?.state === before) return last.report;
    const report = await sinceStart(target, signal);
    // One that was written to while it was read may say more by now.
    if (before !== null && isOfTheLogAlone(report, target) && before === (await stateOf(target))) {
      known.set(target.service, { state: before, report });
    } else known.delete(target.service);
    return report;
  };
}

/** While no start is found, it depends on which archives there are. */
const isOfTheLogAlone = (report: LogReport, { spec }: SearchedLog): boolean =>
  report.ok && (report.since !== null || spec.readyPattern === '');

/** What is asked, and of which bytes; null: the report says why it cannot be told. */
async function stateOf({ path, spec, archiveDir, allowed }: SearchedLog): Promise<string | null> {
  try {
    const { dev, ino, size, mtimeNs, ctimeNs } = await stat(await allowed(path), { bigint: true });
    return [JSON.stringify([path, spec, archiveDir]), dev, ino, size, mtimeNs, ctimeNs].join(' ');
  } catch {
    // Reading it fails in the same way, and is told.
    return null;
  }
}
