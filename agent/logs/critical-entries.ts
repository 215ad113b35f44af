import type { LogEntry } from '../../shared/model/log-report.js';
import { followLog } from './follow.js';
import type { FollowedFile } from './followed-file.js';
import { openAtPlace, placeIn, type LogPlace } from './log-place.js';
import { knownArchives } from './known-files.js';
import { wantedBy } from './matchers.js';
import type { ScannedEntry } from './scanned.js';
import type { SearchDeps, SearchedLog } from './searched-log.js';
import { toEntry } from './last-entry.js';
import type { Waker } from './wake.js';

/** What has come to a log since the last look. */
export interface Grown {
  readonly entries: readonly CriticalEntry[];
  /** All before it has been read. */
  readonly place: LogPlace;
}

export interface CriticalEntry {
  readonly entry: LogEntry;
  readonly file: string;
  /** Where it stands: `device:inode:offset`. */
  readonly position: string;
}

export interface CriticalEntriesOptions {
  /** Where reading ended the last time; null: at the end of the log. */
  readonly from: LogPlace | null;
  readonly waker: Waker;
  readonly onNote: (note: string) => void;
}

/**
 * The critical entries of a log as they are written, each once and whole: those with a line that matches the critical pattern and none that
 * matches the ignore pattern. Ends with the signal alone. Errors: those of the file system, `denied`, `config` for a pattern that is none.
 */
export async function* followCriticalEntries(
  target: SearchedLog,
  options: CriticalEntriesOptions,
  deps: SearchDeps,
): AsyncGenerator<Grown> {
  const { from, waker, onNote } = options;
  const wanted = wantedBy({ what: { kind: 'critical' } }, target.spec);
  const match = wanted?.lines?.(deps.ripgrep, deps.signal) ?? null;
  const isIgnored = (text: string) => wanted?.ignored?.(text.split('\n')).includes(true) === true;
  const file = await openAtPlace(target, from);
  try {
    if (from === null) yield { entries: [], place: await beginning(file, deps.clock.now()) };
    const known = await knownArchives(target, from === null ? Infinity : from.at - SLACK_MS);
    for await (const { log, entries, end } of followLog(target, { file, known, match, onNote, waker }, deps)) {
      const found = entries.filter(({ matching }) => matching > 0).flatMap((entry) => criticalEntry(log, entry, isIgnored) ?? []);
      yield { entries: found, place: await placeIn(log, end, deps.clock.now()) };
    }
  } finally {
    // Following closes it as well, if it came to that.
    await file?.close();
  }
}

/** Of a log that is not there yet all is news, also if it comes when nobody looks. */
const beginning = async (file: FollowedFile | null, now: number): Promise<LogPlace> =>
  file === null ? { dev: 0, ino: 0, offset: 0, mark: '', at: now } : placeIn(file.log, file.position, now);

/** What was written just before a place was noted may not have been read by then. */
const SLACK_MS = 10_000;

function criticalEntry(
  { dev, ino, path }: { readonly dev: number; readonly ino: number; readonly path: string },
  scanned: ScannedEntry,
  isIgnored: (text: string) => boolean,
): CriticalEntry | null {
  const text = scanned.text();
  if (isIgnored(text)) return null;
  return { entry: toEntry({ level: scanned.header?.level ?? null, text }), file: path, position: `${dev}:${ino}:${scanned.offset}` };
}
