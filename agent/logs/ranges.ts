import { throwIfAborted } from '../../shared/abort.js';
import { messageOf } from '../../shared/errors.js';
import type { LogRange } from '../../shared/model/log-search.js';
import { findStart, type StartMarker } from './find-start.js';
import { findTime } from './find-time.js';
import { HEADER_BYTES } from './headers.js';
import { firstHeader, headerIn, type LogFile, readBytes } from './log-file.js';
import type { Ripgrep } from './ripgrep.js';
import type { OpenedArchives, OpenOptions } from './open-archives.js';

/** A part of a log or of one of its archives. */
export interface Piece {
  readonly log: LogFile;
  /** Where an entry begins. */
  readonly from: number;
  /** null: up to what is the end when it is read. */
  readonly to: number | null;
}

export interface Range {
  /** The oldest first; the log itself is the last. Each is looked at when it is asked for; rejects if it cannot be. */
  readonly pieces: readonly (() => Promise<Piece>)[];
  readonly notes: readonly string[];
  /** Time stamp of the start from which on it is, as the log has it; '' if it has none; null: from no start on. */
  readonly since: string | null;
  /** Closes what has been opened, but not the log itself. */
  close(): Promise<void>;
}

export interface RangeDeps {
  readonly ripgrep: () => Promise<Ripgrep>;
  /** Opened all at once: names are passed on while they are read, and a name stands for another file then. */
  readonly archives: (options: Pick<OpenOptions, 'since' | 'limit'>) => Promise<OpenedArchives>;
  /** null: no start can be recognised. */
  readonly marker: StartMarker | null;
}

/** What of a log, and of what was rotated away from it, a question is about. */
export async function findRange(log: LogFile, range: LogRange, deps: RangeDeps, signal: AbortSignal): Promise<Range> {
  const opened: LogFile[] = [];
  const archives = async (options: Pick<OpenOptions, 'since' | 'limit'>): Promise<Archives> => {
    const { logs, complete, refused, omitted } = await deps.archives(options);
    opened.push(...logs);
    const notes = refused.map((why) => `not searched: ${why}`);
    if (!complete) notes.push('not searched, perhaps: archives that got other names all the time');
    return { logs, notes, omitted };
  };
  const close = async () => {
    await Promise.all(opened.splice(0).map((one) => one.handle.close()));
  };
  try {
    return { ...(await find({ log, deps, archives, signal }, range)), close };
  } catch (error) {
    await close();
    throw error;
  }
}

interface Search {
  readonly log: LogFile;
  readonly deps: RangeDeps;
  readonly archives: (options: Pick<OpenOptions, 'since' | 'limit'>) => Promise<Archives>;
  readonly signal: AbortSignal;
}

interface Archives {
  /** The newest first. */
  readonly logs: readonly LogFile[];
  readonly notes: readonly string[];
  readonly omitted: number;
}

/** More are not open at the same time. */
const MANY = 1000;
const omittedNote = ({ omitted }: Archives): string[] => (omitted === 0 ? [] : [`not searched: ${omitted} older archives`]);

type Found = Pick<Range, 'pieces' | 'notes' | 'since'>;

const whole = (log: LogFile) => async (): Promise<Piece> => ({ log, from: 0, to: null });

async function find(search: Search, range: LogRange): Promise<Found> {
  const { log } = search;
  switch (range.kind) {
    case 'since-start':
      return sinceStart(search);
    case 'all': {
      if (!range.archives) return { pieces: [whole(log)], notes: [], since: null };
      const archives = await search.archives({ limit: MANY });
      const notes = [...archives.notes, ...omittedNote(archives)];
      return { pieces: [...archives.logs.toReversed().map(whole), whole(log)], notes, since: null };
    }
    case 'between':
      return between(search, range);
  }
}

async function sinceStart({ log, deps, archives, signal }: Search): Promise<Found> {
  const { marker, ripgrep } = deps;
  if (marker === null) return { pieces: [whole(log)], notes: ['no ready_pattern: all of the log was searched'], since: null };
  const here = await findStart(log, marker, ripgrep, signal);
  if (here !== null) return { pieces: [async () => ({ log, from: here, to: null })], notes: [], since: await timeAt(log, here, signal) };
  const newer: (() => Promise<Piece>)[] = [];
  const found = await archives({ limit: MAX_ARCHIVES });
  const notes = [...found.notes];
  for (const older of found.logs) {
    try {
      const start = await findStart(older, marker, ripgrep, signal);
      newer.unshift(async () => ({ log: older, from: start ?? 0, to: null }));
      if (start !== null) return { pieces: [...newer, whole(log)], notes, since: await timeAt(older, start, signal) };
    } catch (error) {
      throwIfAborted(signal);
      notes.push(`not searched: ${messageOf(error)}`);
    }
  }
  return { pieces: [whole(log)], notes: [...notes, 'no start marker anywhere: all of the log was searched'], since: null };
}

async function timeAt(log: LogFile, offset: number, signal: AbortSignal): Promise<string> {
  for await (const bytes of readBytes(log, offset, offset + HEADER_BYTES, signal)) return headerIn(bytes, 0)?.header.time ?? '';
  return '';
}

/** A start that long ago is nobody's last. */
const MAX_ARCHIVES = 50;

async function between({ log, archives, signal }: Search, { since, until }: Extract<LogRange, { kind: 'between' }>): Promise<Found> {
  const hasTimes = log.size === 0 || (await firstHeader(log, signal)) !== null;
  const noTimes = hasTimes ? [] : ['the log has no time stamps: nothing in it is in any range of time'];
  // Not only where the log begins later: the last second of an archive goes on in the log, and in autumn an hour is there twice.
  const older = await archives({ limit: MANY, ...(since === null ? {} : { since: since - MARGIN_MS }) });
  const within = async (one: LogFile): Promise<Piece> => ({ log: one, ...(await bounds(one, since, until, signal)) });
  const notes = [...noTimes, ...older.notes, ...omittedNote(older)];
  return { pieces: [...older.logs.toReversed(), log].map((one) => () => within(one)), notes, since: null };
}

/** Clocks are set back in autumn, and threads write a little out of order. */
const MARGIN_MS = 3_600_000;

async function bounds(log: LogFile, since: number | null, until: number | null, signal: AbortSignal): Promise<Pick<Piece, 'from' | 'to'>> {
  if (log.packed !== null) return { from: 0, to: null };
  const from = since === null ? 0 : await findTime(log, since - MARGIN_MS, signal);
  if (until === null || until + MARGIN_MS > log.written) return { from, to: null };
  // Up to the last place that bisection could not tell from it.
  const to = await findTime(log, until + MARGIN_MS, signal);
  return { from, to: Math.min(log.size, to + BEHIND_BYTES) };
}

const BEHIND_BYTES = 256 * 1024;
