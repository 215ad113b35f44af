import { constants } from 'node:fs';
import { open, rm, type FileHandle } from 'node:fs/promises';
import { AppError, isErrno, messageOf } from '../../shared/errors.js';
import { pidOf, type ProcessId } from '../../shared/model/process.js';
import { identifyProcess } from '../../shared/ports/process-identity.js';
import { compress } from './compress.js';
import { identityOf, publish, sha256Of } from './draft.js';
import { readRange } from './entry-start.js';
import type { Journal, RotationRecord, Stage } from './journal.js';
import { isCollapsed, takeOff, type CollapsingStage } from './methods/collapse.js';
import type { CutDeps } from './methods/method.js';
import { letGo, putBack } from './methods/rename.js';
import { takeAside } from './take-aside.js';

export interface RecoverDeps extends CutDeps {
  readonly journal: Journal;
  readonly onStep: (step: string) => void;
}

/** `archive` null: the log is as it was, or as whole as it was. */
export interface Recovered {
  readonly archive: string | null;
  readonly note: string | null;
}

/**
 * Ends a rotation that was broken off at whatever point: looks whether the log was cut, then either finishes or undoes it. Whatever
 * breaks off here is taken up again by the next call.
 */
export async function recover(record: RotationRecord, deps: RecoverDeps): Promise<Recovered> {
  const { stage } = record;
  switch (stage.at) {
    case 'copying':
      return undo(record, deps);
    case 'collapsing':
      return (await collapsed(record, stage, deps)) ? finish(record, deps) : undo(record, deps);
    case 'truncating':
      await letGoOn(stage.paused);
      return (await truncated(record, stage, deps)) ? finish(record, deps) : undo(record, deps);
    case 'aside':
      return fromAside(record, stage.aside, deps);
    case 'cut':
    case 'published':
      return finish(record, deps);
  }
}

async function undo(record: RotationRecord, { journal }: RecoverDeps): Promise<Recovered> {
  await rm(record.part, { force: true });
  await journal.end(record);
  return { archive: null, note: null };
}

/** From the cut on: the archive gets its name, is compressed, and is forgotten. */
export async function finish(record: RotationRecord, deps: RecoverDeps): Promise<Recovered> {
  const archive = record.stage.at === 'published' ? record.stage.archive : await named(record, deps);
  if (archive === null) {
    await deps.journal.end(record);
    return { archive: null, note: `the archive had got its name ${record.name} already` };
  }
  deps.onStep('compress');
  const { path, note } = await compressed(archive, record, deps);
  deps.onStep('end');
  await deps.journal.end(record);
  return { archive: path, note };
}

async function named(record: RotationRecord, { journal, onStep }: RecoverDeps): Promise<string | null> {
  if ((await identityOf(record.part)) === null) return null;
  onStep('publish');
  const archive = await publish(record.part, record.name);
  onStep('published');
  await journal.update({ ...record, stage: { at: 'published', archive } });
  return archive;
}

/** The log has been cut: that an archive stays uncompressed is worth a note, no more. */
async function compressed(
  archive: string,
  { compress: how }: RotationRecord,
  deps: RecoverDeps,
): Promise<{ path: string; note: string | null }> {
  if (how === 'none' || (await identityOf(archive)) === null) return { path: archive, note: null };
  try {
    return { path: await compress(archive, how, deps), note: null };
  } catch (error) {
    return { path: archive, note: `the archive was not compressed: ${messageOf(error)}` };
  }
}

/** Whether the head of the log is off; if it is not it is taken off now, and if that cannot be the log is whole again. */
async function collapsed(record: RotationRecord, stage: CollapsingStage, deps: RecoverDeps): Promise<boolean> {
  return withLog(record, async (log) => {
    if (await isCollapsed(log, stage)) return true;
    const part = await open(record.part, 'r');
    try {
      if ((await sha256Of(part, stage.cutBytes, deps.signal)) !== stage.sha256) throw damaged(record);
      const rest = await readRange(part, stage.cutBytes, stage.keptFrom);
      if (rest.length !== stage.keptFrom - stage.cutBytes) throw damaged(record);
      return (await takeOff(log, stage, rest, deps.exec)) === null;
    } finally {
      await part.close();
    }
  });
}

const damaged = (record: RotationRecord) =>
  new AppError('failed', `${record.part} is not what was archived of ${record.log}`, {
    hint: 'compare the two, then remove the archive or the head of the log',
  });

async function truncated(record: RotationRecord, stage: Extract<Stage, { at: 'truncating' }>, { signal }: RecoverDeps): Promise<boolean> {
  return withLog(record, async (log) => {
    const { size } = await log.stat();
    return size < stage.bytes || (await sha256Of(log, stage.bytes, signal)) !== stage.sha256;
  });
}

/** Whoever was stopped for it, if even the watchdog was killed. */
async function letGoOn(paused: readonly string[]): Promise<void> {
  for (const id of paused) {
    const pid = pidOf(id as ProcessId);
    if ((await identifyProcess(pid)) === id) process.kill(pid, 'SIGCONT');
  }
}

/** Somebody has put another file in its place: what was archived is kept, rather twice than not at all. */
async function withLog(record: RotationRecord, look: (log: FileHandle) => Promise<boolean>): Promise<boolean> {
  const log = await open(record.log, constants.O_RDWR | constants.O_NOFOLLOW).catch((error: unknown) => {
    if (isErrno(error, 'ENOENT')) return null;
    throw error;
  });
  if (log === null) return true;
  try {
    const { dev, ino } = await log.stat({ bigint: true });
    return String(dev) !== record.dev || String(ino) !== record.ino || (await look(log));
  } finally {
    await log.close();
  }
}

async function fromAside(record: RotationRecord, aside: string, deps: RecoverDeps): Promise<Recovered> {
  if ((await identityOf(aside)) === null) {
    // It never got that name, or is in the archive already.
    return (await identityOf(record.part)) === null ? undo(record, deps) : finish(record, deps);
  }
  // Its writer has not opened a new one: it goes on where it was.
  if (await putBack(record.log, aside)) return undo(record, deps);
  // Whoever still holds the old one must have let go before it is copied to another disk.
  await letGo({ path: record.log, aside }, { clock: deps.clock, opensAtOnce: false });
  await takeAside(record, aside, deps);
  return finish({ ...record, stage: { at: 'cut' } }, deps);
}
