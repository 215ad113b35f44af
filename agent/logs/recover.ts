import { isBlankedIn } from './blanked.js';
import { findMoved, isBlank, SMALLEST_BLOCK_BYTES, SURE_BYTES } from './find-moved.js';
import { MARK_BYTES, readAt, type FollowedFile } from './followed-file.js';
import { isStillIn, type KnownFiles } from './known-files.js';
import { bytesAt, headerIn, type LogFile } from './log-file.js';
import { openArchives } from './open-archives.js';
import type { SearchDeps, SearchedLog } from './searched-log.js';

/** Where a log goes on that was cut under its reader. */
export interface Recovered {
  /** What was taken away before it could be read, the oldest first; each is to be closed. */
  readonly missed: readonly MissedLog[];
  /** What comes next goes on where reading ended, maybe within a line. */
  readonly continues: boolean;
  /** Some of it may be nowhere. */
  readonly lost: boolean;
  /** Where in the log to go on, and what stands before that place, as far as it cannot change any more. */
  readonly position: number;
  readonly mark: Buffer;
}

export interface MissedLog {
  readonly log: LogFile;
  readonly from: number;
}

/**
 * A log was cut: bytes were taken from its beginning (collapse), or it was copied and truncated. What had been read last is looked for, in the
 * log itself, then in the archives; what stands behind it has not been read yet. From then on every archive is known whose content is not in
 * the log any more.
 */
export async function recover(
  file: FollowedFile,
  target: SearchedLog,
  known: KnownFiles,
  { signal, clock }: SearchDeps,
): Promise<Recovered> {
  for (let attempt = 1; attempt < MAX_ATTEMPTS; attempt++) {
    const found = await lookFor(file, target, known, signal);
    if (found !== null) return found;
    await clock.sleep(AGAIN_MS, signal);
  }
  return (await lookFor(file, target, known, signal)) ?? { missed: [], continues: false, lost: true, position: 0, mark: NOTHING };
}

/** While it was looked for an archive may have had two names, or none. */
const MAX_ATTEMPTS = 3;
const AGAIN_MS = 100;
const NOTHING = Buffer.alloc(0);

async function lookFor(file: FollowedFile, target: SearchedLog, known: KnownFiles, signal: AbortSignal): Promise<Recovered | null> {
  const moved = await movedWithin(file, signal);
  const { logs } = await openArchives(target, { drafts: true });
  let found: Recovered | null = null;
  try {
    found = moved?.sure === true ? null : await inArchives(file, logs, known, signal);
    // As long as it is there, everything that was taken away stood before it.
    if (found === null && moved !== null && (await stands(file.log, moved.to))) {
      for (const { id } of logs) known.add(id);
      found = moved.to;
    }
    return found;
  } finally {
    for (const log of logs) if (found?.missed.some((missed) => missed.log === log) !== true) await log.handle.close();
  }
}

const stands = async (log: LogFile, { position, mark }: Pick<Recovered, 'position' | 'mark'>): Promise<boolean> =>
  (await readAt(log, position - mark.length, position)).equals(mark);

/**
 * Where it is in the log. Not sure if most of what was read last is not there: entries begin alike, and the rest of the one that was cut may be
 * blanked any time.
 */
async function movedWithin(
  { log, mark, position }: FollowedFile,
  signal: AbortSignal,
): Promise<{ readonly to: Recovered; readonly sure: boolean } | null> {
  const moved = await findMoved({ mark, position }, log, signal);
  if (moved === null) return null;
  const steady = Math.max(0, Math.min(moved.same, moved.position - (await behindRest(log))));
  const before = await markAt(log, moved.position, mark.subarray(mark.length - steady));
  return { to: { missed: [], continues: true, lost: false, position: moved.position, mark: before }, sure: steady >= NEARLY_ALL };
}

/** The others are in the archive. */
const NEARLY_ALL = MARK_BYTES - SURE_BYTES;

/** Blanks before what has to stand there do not change any more. */
async function markAt(log: LogFile, position: number, expected: Buffer): Promise<Buffer> {
  const there = await readAt(log, Math.max(0, position - MARK_BYTES), position);
  const before = there.subarray(0, Math.max(0, there.length - expected.length));
  return expected.length > 0 && isBlank(before) && there.subarray(before.length).equals(expected) ? there : expected;
}

/** From the archive on that holds what was read last. */
async function inArchives(
  file: FollowedFile,
  archives: readonly LogFile[],
  known: KnownFiles,
  signal: AbortSignal,
): Promise<Recovered | null> {
  const newer: LogFile[] = [];
  for (const [n, archive] of archives.entries()) {
    const place = await placeIn(archive, file, known, signal);
    if (place !== null) {
      for (const { id } of [...newer, ...archives.slice(n)]) known.add(id);
      return goOn(file, archive, place, newer, signal);
    }
    if (!known.has(archive.id) && !(await isStillIn(archive, file.log))) newer.unshift(archive);
  }
  return null;
}

interface Place {
  readonly from: number;
  /** So much more was read than the archive has. */
  readonly beyond: number;
}

/** Where in an archive stands what has not been read yet: at the same place as in the log; or earlier, if the log was cut twice. */
async function placeIn(archive: LogFile, file: FollowedFile, known: KnownFiles, signal: AbortSignal): Promise<Place | null> {
  const { mark, position } = file;
  const there = await bytesAt(archive, position - mark.length, position, signal);
  const isEnough = there.length === mark.length || there.length >= SURE_BYTES;
  if (isEnough && there.equals(mark.subarray(0, there.length))) return { from: position, beyond: mark.length - there.length };
  const moved = known.has(archive.id) || archive.packed !== null ? null : await findMoved(file, archive, signal);
  return moved !== null && moved.same >= NEARLY_ALL ? { from: moved.position, beyond: 0 } : null;
}

async function goOn(
  file: FollowedFile,
  archive: LogFile,
  { from, beyond }: Place,
  newer: readonly LogFile[],
  signal: AbortSignal,
): Promise<Recovered> {
  const uncut = newer.length === 0 ? await goOnUncut(file, archive, { from, beyond }) : null;
  if (uncut !== null) return uncut;
  const after = newer.map((log) => ({ log, from: 0 }));
  const [next] = newer;
  if (beyond === 0 || next !== undefined) {
    const position = await behindCutEntry(file.log, newer.at(-1) ?? archive, signal);
    if (beyond === 0) return { missed: [{ log: archive, from }, ...after], continues: true, lost: false, position, mark: NOTHING };
    const rest = await behindArchive(next ?? file.log, archive, { mark: file.mark, beyond }, signal);
    const missed = after.map(({ log }, n) => ({ log, from: n === 0 ? rest.position : 0 }));
    return { missed, continues: rest.continues, lost: false, position, mark: NOTHING };
  }
  return { missed: [], lost: false, ...(await behindArchive(file.log, archive, { mark: file.mark, beyond }, signal)) };
}

/** What was read last has been blanked, and nothing has been taken off yet: behind the blanks the log is as it was. null: that is not so. */
async function goOnUncut({ log, position }: FollowedFile, archive: LogFile, { from, beyond }: Place): Promise<Recovered | null> {
  const { size } = await archive.handle.stat();
  const next = beyond === 0 ? size : position;
  const mark = await readAt(log, Math.max(0, next - MARK_BYTES), next);
  if (!(await isBlankedIn(log, archive))) return null;
  return { missed: beyond === 0 ? [{ log: archive, from }] : [], continues: true, lost: false, position: next, mark };
}

/** In what came after an archive: behind the bytes that were read beyond it. Those of a log that was truncated are nowhere else. */
async function behindArchive(
  next: LogFile,
  archive: LogFile,
  { mark, beyond }: { readonly mark: Buffer; readonly beyond: number },
  signal: AbortSignal,
): Promise<Pick<Recovered, 'continues' | 'position' | 'mark'>> {
  const start = await behindCutEntry(next, archive, signal);
  const read = mark.subarray(mark.length - beyond);
  return (await bytesAt(next, start, start + beyond, signal)).equals(read)
    ? { continues: true, position: start + beyond, mark: await markAt(next, start + beyond, read) }
    : { continues: false, position: start, mark: NOTHING };
}

/**
 * The entry that a collapse cuts is in the archive as a whole; its rest is blanked in the log. If it is not yet, it is not read a second
 * time: where it ends.
 */
export async function behindCutEntry(log: LogFile, archive: LogFile, signal: AbortSignal): Promise<number> {
  const head = await bytesAt(log, 0, MAX_REST_BYTES, signal);
  const first = head.indexOf(NEWLINE) + 1;
  if (first > 0 && isBlank(head.subarray(0, first))) return first;
  if (archive.packed !== null) return 0;
  const { size } = await archive.handle.stat();
  const tail = await readAt(archive, Math.max(0, size - head.length), size);
  for (let rest = size % SMALLEST_BLOCK_BYTES; rest <= tail.length; rest += SMALLEST_BLOCK_BYTES) {
    if (rest > 0 && tail.subarray(tail.length - rest).equals(head.subarray(0, rest))) return rest;
  }
  return 0;
}

const MAX_REST_BYTES = 1024 * 1024;

/** Behind the rest of an entry that was cut, blanked or not: what comes before may still change. */
async function behindRest(log: LogFile): Promise<number> {
  const bytes = await readAt(log, 0, MAX_REST_BYTES);
  const first = bytes.indexOf(NEWLINE) + 1;
  return isBlank(bytes.subarray(0, first)) ? first : (headerIn(bytes, 0)?.offset ?? first);
}

const NEWLINE = 0x0a;
