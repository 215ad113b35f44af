import { stat } from 'node:fs/promises';
import { throwIfAborted } from '../../shared/abort.js';
import { isErrno } from '../../shared/errors.js';
import { createBlockSplitter, type Block, type BlockSplitter } from './blocks.js';
import { followFile, type FollowedFile } from './followed-file.js';
import { firstHeader, readBytes, type LogFile } from './log-file.js';
import { beginsAlike, createKnownFiles, unread } from './known-files.js';
import { behindCutEntry, recover } from './recover.js';
import { scanBlock, type LineMatcher } from './scan-bytes.js';
import type { ScannedEntry } from './scanned.js';
import { archivesOf, openAllowed, type SearchDeps, type SearchedLog } from './searched-log.js';
import { createWaker, type Waker } from './wake.js';

export interface Followed {
  readonly file: string;
  readonly entries: readonly ScannedEntry[];
  /** Epoch ms. */
  readonly written: number;
  /** The file itself, and where in it the next entry begins. */
  readonly log: LogFile;
  readonly end: number;
}

export interface FollowStart {
  /** Open, at the place where following begins, and from now on ours; null: it is not there yet. */
  readonly file: FollowedFile | null;
  readonly match: LineMatcher | null;
  readonly onNote: (note: string) => void;
  /** Archives that were written to later, epoch ms, are news; default: none. */
  readonly since?: number | undefined;
  /** Tells when to look; default: one of its own. */
  readonly waker?: Waker | undefined;
}

/**
 * The entries of a log as they are written, each line once, whatever becomes of the file: renamed and made anew, copied and truncated, cut
 * at its beginning, removed for a while. An entry is shown when the next one begins or nothing more has come for a moment; a line when it is
 * complete. Ends with the signal alone.
 */
export async function* followLog(target: SearchedLog, start: FollowStart, deps: SearchDeps): AsyncGenerator<Followed> {
  const { signal, clock } = deps;
  const known = createKnownFiles();
  const heads: Buffer[] = [];
  const waker = start.waker ?? (await createWaker(target.path));
  /** The last one is the log; those before it had its name, and may still be written to. */
  const tails: Tail[] = [];
  try {
    await noteArchives();
    if (start.file !== null) tails.push(await tailOf(start.file));
    for (;;) {
      for (const tail of tails) yield* look(tail);
      yield* succession();
      await waker.wait(signal);
    }
  } finally {
    for (const { file } of tails) await file.close();
    await waker.close();
  }

  async function openTail(log: LogFile): Promise<Tail> {
    return tailOf(await followFile(log, 0));
  }

  async function tailOf(file: FollowedFile): Promise<Tail> {
    const { log, position } = file;
    known.add(log);
    const plain = (await firstHeader(log, signal)) === null;
    return { file, splitter: createBlockSplitter({ offset: position, plain }), grownAt: clock.now() };
  }

  /** What is there before us is nobody's news. */
  async function noteArchives(): Promise<void> {
    for (const { path, at } of await archivesOf(target)) {
      if (at < (start.since ?? Infinity)) known.add(await stat(path).catch(() => NO_FILE));
    }
  }

  /** Reads what has come. */
  async function* look(tail: Tail): AsyncGenerator<Followed> {
    const { file } = tail;
    for (let written = file.advance(); ;) {
      throwIfAborted(signal);
      const isFirst = file.mark.length === 0;
      const next = await written.next();
      if (next.done === true) {
        if (next.value === 'changed') yield* cut(tail);
        break;
      }
      tail.grownAt = clock.now();
      if (isFirst && tail === tails.at(-1) && (yield* catchUp(tail))) {
        written = file.advance();
        continue;
      }
      for (const block of tail.splitter.push(next.value)) yield await scanned(file.log, block);
    }
    if (!tail.splitter.pending) return;
    // A log that is written to all the time never settles.
    for (const block of tail.splitter.complete()) yield await scanned(file.log, block);
    if (clock.now() - tail.grownAt >= SETTLED_MS) yield* flush(tail, false);
  }

  /**
   * These are the first bytes of a file, so nothing of it could be recognised before: it may have been taken away in place since the last look,
   * and more than once. True: after what was missed, the file is to be read from its beginning.
   */
  async function* catchUp({ file }: Tail): AsyncGenerator<Followed, boolean> {
    const missed: LogFile[] = [];
    for (const log of await unread(target, known, heads)) {
      // A copy of what is still there: it has not been cut yet.
      if (await beginsAlike(log, file.log)) await log.handle.close();
      else missed.push(log);
    }
    const newest = missed.at(-1);
    if (newest === undefined) return false;
    const position = await behindCutEntry(file.log, newest);
    for (const log of missed) {
      const between: Tail = { file, splitter: createBlockSplitter({ offset: 0, plain: true }), grownAt: clock.now() };
      yield* readMissed(between, log, 0);
    }
    await file.moveTo(position, position);
    return true;
  }

  /** Behind what was read last stands something else now. */
  async function* cut(tail: Tail): AsyncGenerator<Followed> {
    const { file } = tail;
    if (tail !== tails.at(-1)) {
      tail.grownAt = -Infinity;
      return;
    }
    const { missed, lost, position, floor } = await recover(file, target, known, deps);
    if (lost) start.onNote(`${target.path} was cut: what was written to it just before may be missing here`);
    heads.push(file.head);
    if (missed.length === 0 && position > 0) {
      await file.moveTo(position, floor);
      return;
    }
    for (const { log, from } of missed) {
      known.add(log);
      yield* readMissed(tail, log, from);
    }
    yield* flush(tail, true);
    tail.splitter = createBlockSplitter({ offset: position, plain: true });
    await file.moveTo(position, floor);
  }

  async function* readMissed(tail: Tail, log: LogFile, from: number): AsyncGenerator<Followed> {
    try {
      for await (const chunk of readBytes(log, from, null, signal)) {
        for (const block of tail.splitter.push(chunk)) yield await scanned(log, block);
      }
      yield* flush(tail, true);
    } finally {
      await log.handle.close();
    }
  }

  /** Another file has the name of the log now; the old ones are left when nothing comes any more. */
  async function* succession(): AsyncGenerator<Followed> {
    const current = tails.at(-1);
    const log = await openIfNew(current);
    if (log !== null) {
      if (current !== undefined) {
        // Between the last look and the new file the old one may have got more.
        yield* look(current);
        heads.push(current.file.head);
      }
      const next = await openTail(log);
      // Logs that came and went between two looks: they too may still be written to.
      for (const missed of await unread(target, known, [...heads, next.file.head])) tails.push(await openTail(missed));
      tails.push(next);
      for (const tail of tails.slice(0, -1)) yield* look(tail);
    }
    for (const old of tails.slice(0, -1)) {
      if (clock.now() - old.grownAt < LEFT_MS) continue;
      yield* flush(old, true);
      tails.splice(tails.indexOf(old), 1);
      await old.file.close();
    }
  }

  async function openIfNew(current: Tail | undefined): Promise<LogFile | null> {
    try {
      const log = await openAllowed(target, target.path);
      if (current?.file.log.ino !== log.ino || current.file.log.dev !== log.dev) return log;
      await log.handle.close();
      return null;
    } catch (error) {
      // Renamed, and not made anew yet.
      if (isErrno(error, 'ENOENT')) return null;
      throw error;
    }
  }

  async function* flush(tail: Tail, whole: boolean): AsyncGenerator<Followed> {
    for (const block of tail.splitter.flush(whole)) yield await scanned(tail.file.log, block);
  }

  async function scanned(log: LogFile, block: Block): Promise<Followed> {
    return { file: log.path, entries: await scanBlock(block, start.match), written: clock.now(), log, end: block.end };
  }
}

interface Tail {
  readonly file: FollowedFile;
  splitter: BlockSplitter;
  /** When something came last, epoch ms. */
  grownAt: number;
}

const NO_FILE = { dev: -1, ino: -1 };
/** An entry that nothing was added to for so long is complete. */
const SETTLED_MS = 200;
/** A writer may keep a file that was renamed for a while. */
const LEFT_MS = 60_000;
