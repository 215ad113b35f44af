import { throwIfAborted } from '../../shared/abort.js';
import { messageOf } from '../../shared/errors.js';
import type { LogReport } from '../../shared/model/log-report.js';
import type { FoundEntry, LogQuery, LogSummary } from '../../shared/model/log-search.js';
import { unmeasured } from '../../shared/model/observation.js';
import { readLastEntry, toEntry } from './last-entry.js';
import { CUT, type LogSearch } from './search.js';
import type { SearchedLog } from './searched-log.js';

export type SinceStart = (target: SearchedLog, signal: AbortSignal) => Promise<LogReport>;

/**
 * What a log says since the last start of its service, also where a rotation took the start into an archive. An entry is a finding if one of
 * its lines matches the critical pattern and none the ignore pattern. Unmeasured: the file is missing or unreadable, a pattern is no regular
 * expression.
 */
export function createSinceStart(search: LogSearch): SinceStart {
  return async (target, signal) => {
    try {
      const { entries, summary } = await wholeFindings(search, target, signal);
      if (summary.why !== null) return cannotBeRead(target, summary.why);
      const { since, hits } = summary;
      return { ok: true, since, findings: hits ?? 0, entries: entries.map(toEntry), last: await readLastEntry(target, signal) };
    } catch (error) {
      throwIfAborted(signal);
      return cannotBeRead(target, messageOf(error));
    }
  };
}

const cannotBeRead = ({ path }: SearchedLog, why: string) => unmeasured(`log ${path} cannot be read: ${why}`);

/** A log that is cut at that moment is searched again: what stood in it is in an archive then. */
async function wholeFindings(search: LogSearch, target: SearchedLog, signal: AbortSignal) {
  for (let attempt = 1; ; attempt++) {
    const found = await findings(search, target, signal);
    if (found.summary.why !== CUT || attempt === MAX_ATTEMPTS) return found;
  }
}

const MAX_ATTEMPTS = 3;

async function findings(search: LogSearch, target: SearchedLog, signal: AbortSignal) {
  const entries: FoundEntry[] = [];
  let summary: LogSummary | null = null;
  for await (const part of search(target, CRITICAL, signal)) {
    if (part.type === 'entries') entries.push(...part.entries);
    else ({ summary } = part);
  }
  if (summary === null) throw new Error('the search did not say how it ended');
  return { entries, summary };
}

/** The newest of them. */
const CRITICAL: LogQuery = {
  ...{ what: { kind: 'critical' }, output: 'entries', range: { kind: 'since-start' } },
  ...{ level: null, context: 0, max: null, tail: 10, follow: false },
};
