import { throwIfAborted } from '../../shared/abort.js';
import { AppError, isErrno, messageOf } from '../../shared/errors.js';
import type { FoundEntry, LogPart, LogQuery, LogSummary } from '../../shared/model/log-search.js';
import type { Clock } from '../../shared/ports/clock.js';
import { createBlockSplitter, MAX_LINE_BYTES } from './blocks.js';
import { followLog, type FollowStart } from './follow.js';
import { findTail } from './find-tail.js';
import { followFile, readAt } from './followed-file.js';
import { knownArchives } from './known-files.js';
import { firstHeader, type LogFile, readBytes } from './log-file.js';
import { markerOf, wantedBy, type Wanted } from './matchers.js';
import { openArchives, type OpenOptions } from './open-archives.js';
import { findRange, type Piece } from './ranges.js';
import { loadRipgrep, type Ripgrep } from './ripgrep.js';
import { scanBlock } from './scan-bytes.js';
import { scanOffsets } from './scan-offsets.js';
import type { ScannedEntry } from './scanned.js';
import { openAllowed, type SearchDeps, type SearchedLog } from './searched-log.js';
import { createSelection } from './selection.js';
import { createStatistics } from './statistics.js';

export type LogSearch = (log: SearchedLog, query: LogQuery, signal: AbortSignal) => AsyncIterable<LogPart>;

export interface LogSearchDeps {
  readonly clock: Clock;
  /** So much of a log, and less, is searched in this process. */
  readonly fewBytes?: number;
}

/**
 * Searches logs on this host. Each part is looked for when it is asked for. What cannot be read is told in the summary; only a pattern that
 * is none (`usage`) and an abort reject.
 */
export function createLogSearch({ clock, fewBytes = FEW_BYTES }: LogSearchDeps): LogSearch {
  let loaded: Promise<Ripgrep> | undefined;
  const ripgrep = () => (loaded ??= loadRipgrep());
  return (log, query, signal) => search(log, query, { clock, ripgrep, fewBytes, signal });
}

type WorkDeps = SearchDeps & Pick<Required<LogSearchDeps>, 'fewBytes'>;

async function* search(target: SearchedLog, query: LogQuery, deps: WorkDeps): AsyncGenerator<LogPart> {
  const wanted = query.output === 'stats' ? EVERYTHING : (wantedBy(query, target.spec) ?? NOTHING);
  const work = createWork(target, query, wanted, deps);
  try {
    yield* work.past();
    if (query.follow) yield* work.future();
  } catch (error) {
    throwIfAborted(deps.signal);
    if (!isOfTheLog(error)) throw error;
    work.failed(error);
  }
  yield { type: 'summary', summary: work.summary() };
}

/** The file system, or what is in the file; not the question, and no defect of ours. */
const isOfTheLog = (error: unknown): boolean =>
  error instanceof AppError ? ['failed', 'unsupported'].includes(error.code) : error instanceof Error && 'code' in error;

const EVERYTHING: Wanted = { rust: null, lines: null, ignored: null };
/** Without critical_errors there is nothing to look for. */
const NOTHING: Wanted = { rust: null, lines: () => async () => [], ignored: null };

interface Work {
  past(): AsyncGenerator<LogPart>;
  future(): AsyncGenerator<LogPart>;
  failed(error: unknown): void;
  summary(): LogSummary;
}

function createWork(target: SearchedLog, query: LogQuery, wanted: Wanted, deps: WorkDeps): Work {
  const { spec } = target;
  const { signal, ripgrep } = deps;
  const every = wanted.lines === null;
  const selection = createSelection({ query, every, ignored: wanted.ignored });
  const statistics = query.output === 'stats' ? createStatistics() : null;
  const notes = wanted === NOTHING ? ['no critical_errors: there is nothing to look for'] : [];
  let why: string | null = null;
  let since: string | null = null;
  let scannedBytes = 0;
  /** Lines that were counted without looking at their entries. */
  let counted: number | null = null;
  /** Of what is written later all is wanted. */
  const later = createSelection({ query: { ...query, tail: null }, every, ignored: wanted.ignored });
  /** Where following begins. */
  let begin: Pick<FollowStart, 'file' | 'known'> = { file: null, known: new Set() };

  return {
    async *past() {
      const log = await openLog();
      // Before anything else takes its time: what is taken away from now on is news.
      const known = query.follow ? await knownArchives(target) : new Set<string>();
      begin = { file: null, known };
      if (log === null) return;
      let ours = true;
      try {
        const limit = query.follow ? await lastEntry(log) : null;
        const file = limit === null ? null : await followFile(log, limit);
        if (query.tail !== 0) yield* searchRange(log, limit);
        begin = { file, known };
        ours = file === null;
      } finally {
        if (ours) await log.handle.close();
      }
    },
    async *future() {
      const match = wanted.lines?.(ripgrep, signal) ?? null;
      let fresh: string[] = [];
      const onNote = (note: string) => {
        notes.push(note);
        fresh.push(note);
      };
      for await (const { file, entries, written } of followLog(target, { ...begin, match, onNote }, deps)) {
        if (fresh.length > 0) yield { type: 'entries', file, entries: [], notes: fresh };
        fresh = [];
        yield* parts(file, later.take(entries, written));
      }
    },
    failed(error) {
      why = messageOf(error);
    },
    summary: () => ({
      hits: counted === null ? selection.hits + later.hits : null,
      matchingLines: selection.matchingLines + later.matchingLines + (counted ?? 0),
      scannedBytes,
      since,
      omitted: selection.omitted + later.omitted,
      notes,
      why,
      stats: why === null ? (statistics?.report() ?? null) : null,
    }),
  };

  /** null: who follows waits for it. */
  async function openLog(): Promise<LogFile | null> {
    try {
      return await openAllowed(target, target.path);
    } catch (error) {
      if (query.follow && isErrno(error, 'ENOENT')) return null;
      throw error;
    }
  }

  /** Where following takes over: at the last entry, which may grow; behind the last line if nothing of the past is wanted. */
  async function lastEntry(log: LogFile): Promise<number> {
    const plain = query.tail === 0 || (await firstHeader(log, signal)) === null;
    return findTail(log, 0, query.tail === 0 ? 0 : 1, plain, signal);
  }

  async function* searchRange(log: LogFile, limit: number | null): AsyncGenerator<LogPart> {
    const archives = (options: OpenOptions) => openArchives(target, { ...options, except: new Set([log.id]), vanished: false });
    const head = await readAt(log, 0, HEAD_BYTES);
    const range = await findRange(log, query.range, { ripgrep, archives, marker: markerOf(spec) }, signal);
    try {
      notes.push(...range.notes);
      ({ since } = range);
      for (const open of range.pieces) {
        const piece = await openPiece(open);
        if (piece === null) continue;
        if (piece.log === log) yield* scan(limit === null ? piece : { ...piece, to: limit });
        else yield* scanArchive(piece);
      }
      yield* parts(log.path, selection.rest());
      if (await wasCut(log, head)) {
        if (query.follow) notes.push(CUT);
        else why = CUT;
      }
    } finally {
      await range.close();
    }
  }

  async function openPiece(open: () => Promise<Piece>): Promise<Piece | null> {
    try {
      return await open();
    } catch (error) {
      throwIfAborted(signal);
      notes.push(`not searched: ${messageOf(error)}`);
      return null;
    }
  }

  /** One that is damaged does not keep the others from being searched. */
  async function* scanArchive(piece: Piece): AsyncGenerator<LogPart> {
    try {
      yield* scan(piece);
    } catch (error) {
      throwIfAborted(signal);
      if (!isOfTheLog(error)) throw error;
      notes.push(`not searched to its end: ${piece.log.path}: ${messageOf(error)}`);
    }
  }

  async function* scan(piece: Piece): AsyncGenerator<LogPart> {
    if (wanted === NOTHING) return;
    const { log } = piece;
    const { rust } = wanted;
    const bytes = log.packed === null ? await bytesOf(piece) : Infinity;
    if (log.packed === null) scannedBytes += bytes;
    if (rust === null || log.packed !== null || log.sparse || (await beginsWithNul(log))) {
      yield* scanAll(piece);
      return;
    }
    const isWhole = piece.from === 0 && piece.to === null;
    if (query.output === 'count' && isWhole && query.level === null && query.range.kind !== 'between' && wanted.ignored === null) {
      counted = (counted ?? 0) + (await (await ripgrep()).count(log, rust, signal));
      return;
    }
    if (bytes <= deps.fewBytes) {
      yield* scanAll(piece);
      return;
    }
    const plain = (await firstHeader(log, signal)) === null;
    const offsets = (await ripgrep()).offsets(log, rust, piece.from, signal);
    const options = { from: piece.from, to: piece.to ?? Infinity, plain, context: query.context, signal };
    for await (const entries of scanOffsets(log.handle, offsets, options)) yield* chosen(log, entries);
  }

  async function* scanAll({ log, from, to }: Piece): AsyncGenerator<LogPart> {
    const plain = (await firstHeader(log, signal)) === null;
    const start = every && query.tail !== null && query.level === null ? await findTail(log, from, query.tail, plain, signal) : from;
    const splitter = createBlockSplitter({ offset: start, plain });
    const match = wanted.lines?.(ripgrep, signal) ?? null;
    for await (const chunk of readBytes(log, start, to, signal)) {
      if (log.packed !== null) scannedBytes += chunk.length;
      for (const block of splitter.push(chunk)) yield* chosen(log, await scanBlock(block, match));
    }
    for (const block of splitter.flush(true)) yield* chosen(log, await scanBlock(block, match));
  }

  function* chosen(log: LogFile, entries: readonly ScannedEntry[]): Generator<LogPart> {
    if (statistics === null) yield* parts(log.path, selection.take(entries, log.written));
    else statistics.add(entries, log.written);
  }
}

async function bytesOf({ log, from, to }: Piece): Promise<number> {
  const { size } = await log.handle.stat();
  return Math.max(0, Math.min(to ?? size, size) - from);
}

/** Other bytes stand where it began: what was not read yet moved, or is in an archive that was not there. */
async function wasCut(log: LogFile, head: Buffer): Promise<boolean> {
  const { size } = await log.handle.stat();
  return size < log.size || !(await readAt(log, 0, head.length)).equals(head);
}

const HEAD_BYTES = 512;
export const CUT = 'the log was cut while it was searched: some of it may be missing here';

/** A hole, however small: the first entry stands behind it. */
const beginsWithNul = async (log: LogFile): Promise<boolean> => (await readAt(log, 0, 1))[0] === 0;

/** Such are read before ripgrep has started, and no line of them is longer than what is looked at here. */
const FEW_BYTES = MAX_LINE_BYTES;

/** In portions that fit a message, and that somebody sees soon. */
function* parts(file: string, entries: readonly FoundEntry[]): Generator<LogPart> {
  let portion: FoundEntry[] = [];
  let length = 0;
  for (const entry of entries) {
    portion.push(entry);
    length += entry.text.length;
    if (length < PART_LENGTH && portion.length < PART_ENTRIES) continue;
    yield { type: 'entries', file, entries: portion };
    portion = [];
    length = 0;
  }
  if (portion.length > 0) yield { type: 'entries', file, entries: portion };
}

const PART_LENGTH = 64 * 1024;
const PART_ENTRIES = 256;
