import { throwIfAborted } from '../../shared/abort.js';
import { isErrno } from '../../shared/errors.js';
import { unblanked } from './blanked.js';
import { createBlockSplitter, type Block, type BlockSplitter } from './blocks.js';
import { followFile, type FollowedFile } from './followed-file.js';
import { firstHeader, readBytes, type LogFile } from './log-file.js';
import { isStillIn, type KnownFiles, unread } from './known-files.js';
import { behindCutEntry, recover, type MissedLog } from './recover.js';
import { scanBlock, type LineMatcher } from './scan-bytes.js';
import type { ScannedEntry } from './scanned.js';
import { openAllowed, type SearchDeps, type SearchedLog } from './searched-log.js';
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
  /** Files that are nobody's news; from now on ours. */
  readonly known: KnownFiles;
  readonly match: LineMatcher | null;
  readonly onNote: (note: string) => void;
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
  const { known } = start;
  const begun = clock.now();
  const waker = start.waker ?? (await createWaker(target.path));
  /** The last one is the log; those before it had its name or were copied from it, and may still be written to. */
  const tails: Tail[] = [];
  /** How the files began that were the log before. */
  const heads: Buffer[] = [];
  /** There may be logs that came and went between two looks. */
  let incomplete = false;
  try {
    if (start.file !== null) tails.push(await tailOf(start.file));
    for (;;) {
      for (const tail of [...tails]) yield* look(tail);
      yield* succession();
      yield* leave();
      await waker.wait(signal);
    }
  } finally {
    for (const { file } of tails) await file.close();
    await waker.close();
  }

  /** Closes the file if it cannot be read. */
  async function tailOf(file: FollowedFile): Promise<Tail> {
    const { log, position } = file;
    known.add(log.id);
    try {
      const plain = (await firstHeader(log, signal)) === null;
      return { file, splitter: createBlockSplitter({ offset: position, plain }), grownAt: clock.now() };
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  /** Reads what has come. */
  async function* look(tail: Tail): AsyncGenerator<Followed> {
    const { file } = tail;
    for (let written = file.advance(); ;) {
      throwIfAborted(signal);
      const { unmarked, mark: before, position: from } = file;
      const next = await written.next();
      if (next.done === true) {
        if (next.value === 'read' || !(yield* cut(tail))) break;
        written = file.advance();
        continue;
      }
      tail.grownAt = clock.now();
      if (unmarked && tail === tails.at(-1) && (yield* catchUp(tail))) {
        written = file.advance();
        continue;
      }
      const bytes = await unblanked({ before, from, bytes: next.value }, target);
      for (const block of tail.splitter.push(bytes)) yield await scanned(file.log, block);
    }
    if (!tail.splitter.pending) return;
    // A log that is written to all the time never settles.
    for (const block of tail.splitter.complete()) yield await scanned(file.log, block);
    if (clock.now() - tail.grownAt >= SETTLED_MS) yield* flush(tail, false);
  }

  /**
   * There was nothing by which its place could have been known again: the log may have been taken away in place since the last look, and more
   * than once. True: after what was missed, it is to be read from its beginning.
   */
  async function* catchUp(tail: Tail): AsyncGenerator<Followed, boolean> {
    const { log } = tail.file;
    const { logs } = await unread(target, { known, heads, drafts: true, signal });
    // What comes after a log that was renamed is no copy of it.
    const isRenamed = !(await isCurrent(log));
    const missed: MissedLog[] = [];
    for (const one of logs) {
      // What is empty may only begin to become a copy; what is still in the log has not been cut.
      if (isRenamed || one.size === 0 || (await isStillIn(one, log))) await one.handle.close();
      else missed.push({ log: one, from: 0 });
    }
    const newest = missed.at(-1);
    if (newest === undefined) return false;
    const position = await behindCutEntry(log, newest.log, signal);
    yield* adopt(missed);
    goOnAt(tail, position, NOTHING);
    return true;
  }

  /** Behind what was read last stands something else now. False: there is nothing more to come of it. */
  async function* cut(tail: Tail): AsyncGenerator<Followed, boolean> {
    const { file } = tail;
    if (tail !== tails.at(-1)) {
      tail.grownAt = -Infinity;
      return false;
    }
    const before = file.position;
    heads.push(file.head);
    const { missed, continues, lost, position, mark } = await recover(file, target, known, deps);
    if (lost) start.onNote(`${target.path} was cut: what was written to it just before may be missing here`);
    if (continues && missed.length === 0) {
      tail.splitter.moveBy(position - before);
      file.moveTo(position, mark);
      return true;
    }
    const [rest, ...others] = continues ? missed : [undefined, ...missed];
    if (rest !== undefined) yield* readRest(tail, rest, before);
    yield* flush(tail, true);
    yield* adopt(others.filter((one) => one !== undefined));
    goOnAt(tail, position, mark);
    return true;
  }

  function goOnAt(tail: Tail, position: number, mark: Buffer): void {
    tail.splitter = createBlockSplitter({ offset: position, plain: true });
    tail.file.moveTo(position, mark);
  }

  /** Of a copy that is complete, what had not been read by the place `before`. */
  async function* readRest({ splitter }: Tail, { log, from }: MissedLog, before: number): AsyncGenerator<Followed> {
    known.add(log.id);
    splitter.moveBy(from - before);
    try {
      for await (const chunk of readBytes(log, from, null, signal)) {
        for (const block of splitter.push(chunk)) yield await scanned(log, block);
      }
    } finally {
      await log.handle.close();
    }
  }

  /** Nothing is written to it any more. */
  async function* readPacked({ log, from }: MissedLog): AsyncGenerator<Followed> {
    known.add(log.id);
    const splitter = createBlockSplitter({ offset: from, plain: (await firstHeader(log, signal)) === null });
    for await (const chunk of readBytes(log, from, null, signal)) {
      for (const block of splitter.push(chunk)) yield await scanned(log, block);
    }
    for (const block of splitter.flush(true)) yield await scanned(log, block);
  }

  /** What was the log before the one that is it now. */
  async function* adopt(missed: readonly MissedLog[]): AsyncGenerator<Followed> {
    const adopted: Tail[] = [];
    const handedOver = new Set<LogFile>();
    try {
      for (const one of missed) if (one.log.packed !== null) yield* readPacked(one);
      for (const { log, from } of missed) if (log.packed === null) adopted.push(await tailOf(await followFile(log, from)));
      for (const { file } of adopted) handedOver.add(file.log);
    } finally {
      for (const { log } of missed) if (!handedOver.has(log)) await log.handle.close();
    }
    tails.splice(tails.length - 1, 0, ...adopted);
    for (const tail of adopted) {
      yield* look(tail);
      yield* flush(tail, false);
    }
  }

  /** Another file has the name of the log now. */
  async function* succession(): AsyncGenerator<Followed> {
    const current = tails.at(-1);
    if (current === undefined || !(await isCurrent(current.file.log))) {
      // Between the last look and the new file the old one may have got more.
      if (current !== undefined) yield* look(current);
      const log = await openCurrent();
      if (log !== null) {
        // First of all: from then on it is closed with the others.
        tails.push(await tailOf(await followFile(log, 0)));
        incomplete = true;
        if (current !== undefined) {
          heads.push(current.file.head);
          yield* flush(current, false);
        }
      }
    }
    if (incomplete) yield* adoptUnread();
  }

  async function* adoptUnread(): AsyncGenerator<Followed> {
    const { logs, complete } = await unread(target, {
      known,
      heads: [...heads, ...tails.slice(-1).map(({ file }) => file.head)],
      drafts: false,
      packed: {
        since: begun,
        found: (path) => start.onNote(`${path} came, went and was packed before it could be read: it is missing here`),
      },
      signal,
    });
    incomplete = !complete;
    yield* adopt(logs.map((log) => ({ log, from: 0 })));
  }

  /** The old ones are left when nothing comes any more. */
  async function* leave(): AsyncGenerator<Followed> {
    for (const old of tails.slice(0, -1)) {
      if (clock.now() - old.grownAt < LEFT_MS) continue;
      yield* flush(old, true);
      tails.splice(tails.indexOf(old), 1);
      await old.file.close();
    }
  }

  async function isCurrent({ id }: LogFile): Promise<boolean> {
    const log = await openCurrent();
    await log?.handle.close();
    return log?.id === id;
  }

  /** null: renamed, and not made anew yet. */
  async function openCurrent(): Promise<LogFile | null> {
    try {
      return await openAllowed(target, target.path);
    } catch (error) {
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

const NOTHING = Buffer.alloc(0);
/** An entry that nothing was added to for so long is complete. */
const SETTLED_MS = 200;
/** A writer may keep a file that was renamed for a while. */
const LEFT_MS = 60_000;
