import { constants } from 'node:fs';
import { open, stat, type FileHandle } from 'node:fs/promises';
import { requireOpened } from '../opened-path.js';
import { AppError, toAppError } from '../../shared/errors.js';
import { pidOf, processId } from '../../shared/model/process.js';
import { identifyProcess } from '../../shared/ports/process-identity.js';
import { createDraft, type Draft } from './draft.js';
import { findLastBoundary } from './entry-start.js';
import { allocationUnits, requireSpace } from './file-system.js';
import type { RotationRecord, Stage } from './journal.js';
import { collapse, cutsBefore } from './methods/collapse.js';
import { copy } from './methods/copy.js';
import type { Cut, LogInHand } from './methods/method.js';
import { pause } from './methods/pause.js';
import { finish, recover, type Recovered, type RecoverDeps } from './recover.js';
import { createWatchdog } from './watchdog.js';

export type CutMethod = 'collapse' | 'copy' | 'pause';

/** What a log is rotated by and to; `record` is as it will be written down first. */
export interface CutJob {
  readonly record: RotationRecord;
  readonly method: CutMethod;
  readonly folder: string;
  readonly writers: readonly number[];
}

export type CutResult = { readonly left: string } | ({ readonly left: null; readonly bytes: number } & Cut & Recovered);

/**
 * Copies a log to an archive and takes what was copied off it. If anything fails before the cut the log is as it was, and the archive is
 * gone. Errors: `unsupported` (another method may do), `failed`, `conflict` (it is being rotated already), `cancelled`.
 */
export async function cutLog(job: CutJob, deps: RecoverDeps): Promise<CutResult> {
  const { log } = job.record;
  const file = await open(log, constants.O_RDWR | constants.O_NOFOLLOW).catch((error: unknown) => {
    throw toAppError(error, 'failed', `${log} cannot be opened for writing`, 'may the agent write to it?');
  });
  try {
    await requireOpened(file, log);
    const { size } = await file.stat();
    if (size === 0) return { left: 'it is empty' };
    const units = await allocationUnits(log);
    const boundary = job.method === 'collapse' ? await findLastBoundary(file, size) : null;
    if (job.method === 'collapse' && cutsBefore(boundary ?? 0, units).length === 0)
      return { left: `it has no whole entries of ${units[0] ?? 0} bytes together, and less cannot be taken off` };
    await requireSpace(job.folder, size);
    await deps.journal.begin(job.record);
    return await cutOpen(job, file, { boundary: boundary ?? 0, units }, deps);
  } finally {
    await file.close();
  }
}

async function cutOpen(
  { record, method, writers }: CutJob,
  file: FileHandle,
  { boundary, units }: { readonly boundary: number; readonly units: readonly number[] },
  deps: RecoverDeps,
): Promise<CutResult> {
  let latest = record;
  const enter = async (stage: Stage) => {
    deps.onStep(stage.at);
    latest = { ...record, stage };
    await deps.journal.update(latest);
    deps.onStep(`${stage.at} is written`);
  };
  try {
    const draft = await createDraft(record.part, await file.stat());
    const check = () => requireSame(record, file, draft);
    const inHand: LogInHand = { path: record.log, file, draft, enter, check, step: deps.onStep };
    let cut: Cut;
    try {
      deps.onStep('copy');
      if (method === 'collapse') cut = await collapse(inHand, boundary, units, deps);
      else if (method === 'copy') cut = await copy(inHand, deps);
      else cut = await pausing(inHand, writers, deps);
    } finally {
      await draft.close();
    }
    await enter({ at: 'cut' });
    return { left: null, bytes: draft.bytes(), ...cut, ...(await finish(latest, deps)) };
  } catch (error) {
    // What was begun is looked at as after a crash: the log is cut, or as it was.
    const { archive } = await recover(latest, { ...deps, signal: new AbortController().signal });
    if (archive === null) throw error;
    throw new AppError(
      'failed',
      `${record.log} was cut, and its archive is ${archive}, but: ${toAppError(error, 'failed', 'afterwards').message}`,
      { cause: error },
    );
  }
}

async function pausing(log: LogInHand, writers: readonly number[], deps: RecoverDeps): Promise<Cut> {
  const ids = await Promise.all(writers.map(async (pid) => (await identifyProcess(pid)) ?? processId(pid, 0)));
  const watchdog = await createWatchdog(
    ids.map((id) => pidOf(id as ReturnType<typeof processId>)),
    deps.clock,
  );
  try {
    return await pause(log, ids, () => watchdog.stop(deps.signal), deps);
  } finally {
    await watchdog.end();
  }
}

async function requireSame({ log, dev, ino }: RotationRecord, file: FileHandle, draft: Draft): Promise<void> {
  const now = await stat(log, { bigint: true });
  if (String(now.dev) === dev && String(now.ino) === ino && (await draft.isStillIn(file))) return;
  throw new AppError('conflict', `${log} was changed while it was copied: somebody else rotates it`);
}
