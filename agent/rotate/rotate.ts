import { join } from 'node:path';
import { throwIfAborted } from '../../shared/abort.js';
import { AppError, messageOf } from '../../shared/errors.js';
import type { Log } from '../../shared/log.js';
import type { PlannedRotation, RotatedLog, RotationPlan, RotationResult, RotationSpec } from '../../shared/model/rotation.js';
import type { ServiceSpec } from '../../shared/model/service.js';
import type { Clock } from '../../shared/ports/clock.js';
import { identifyProcess } from '../../shared/ports/process-identity.js';
import { archiveName } from './archive-name.js';
import { candidates, lossOf, type Candidate } from './choose.js';
import { cutLog } from './cut-log.js';
import { openJob, recordOf, refusalText, resultOf, type Job } from './job.js';
import { createJournal, type RotationRecord } from './journal.js';
import { shortageOf } from './file-system.js';
import { isRenaming, renameTogether, type RenameMethod } from './rename-together.js';
import { recover, type RecoverDeps } from './recover.js';
import { removeOld } from './retention.js';
import { survey, type SurveyDeps, type SurveyedLog } from './survey.js';

export interface RotationDeps extends SurveyDeps {
  readonly clock: Clock;
  readonly log: Log;
  readonly stateDir: string;
  /** Told before and after each step that a crash could break off. */
  readonly onStep?: (step: string) => void;
}

/** Rotates the logs of services on this host, without losing a line where there is a way to. */
export interface Rotation {
  /** What `rotate` would do; changes nothing. Errors: `config` (no archivedir). */
  plan(spec: ServiceSpec, rotation: RotationSpec, signal: AbortSignal): Promise<RotationPlan>;
  /**
   * Each log by the best method that works here; one that cannot be rotated stays as it was, and does not keep the others from it. First
   * ends what an earlier rotation left unfinished. Errors: `config` (no archivedir), `failed` (the journal, the folder of the archives).
   */
  rotate(spec: ServiceSpec, rotation: RotationSpec, signal: AbortSignal): Promise<RotationResult>;
  /** Ends what an earlier process left unfinished, and tells what became of it. Errors: `failed` (the journal). */
  recover(signal: AbortSignal): Promise<string[]>;
}

export function createRotation(deps: RotationDeps): Rotation {
  const { clock, exec } = deps;
  const journal = createJournal(deps.stateDir);
  /** Logs that are being rotated here and now: nobody recovers those. */
  const inHand = new Set<string>();
  const toolsFor = (signal: AbortSignal): RecoverDeps => ({ exec, clock, journal, onStep: (step) => deps.onStep?.(step), signal });

  return {
    async plan(spec, rotation, signal) {
      requireArchive(spec, rotation);
      const surveyed = await survey(spec, rotation.logs, deps, signal);
      const logs = surveyed.logs.map((log) => planned(spec, rotation, log, new Date(clock.now())));
      const copied = logs.filter(({ method }) => method !== null && !isRenaming(method));
      const bytes = copied.reduce((sum, { sizeBytes }) => sum + (sizeBytes ?? 0), 0);
      return { logs, shortage: bytes === 0 ? null : await shortageOf(rotation.archiveDir, bytes) };
    },
    async rotate(spec, rotation, signal) {
      requireArchive(spec, rotation);
      const recovered = await recoverAll(signal);
      const job = await openJob(spec, rotation, new Date(clock.now()));
      const taken = rotation.logs.filter((log) => inHand.has(log));
      for (const log of rotation.logs) inHand.add(log);
      try {
        const logs = taken.length > 0 ? taken.map(alreadyInHand) : await rotateAll(job, signal);
        return { logs, recovered, removed: await removeOld({ ...rotation, service: spec.name }, clock.now()) };
      } finally {
        for (const log of rotation.logs) if (!taken.includes(log)) inHand.delete(log);
      }
    },
    recover: recoverAll,
  };

  async function rotateAll(job: Job, signal: AbortSignal): Promise<RotatedLog[]> {
    const surveyed = await survey(job.spec, job.rotation.logs, deps, signal);
    const { logs } = surveyed;
    const renamable = logs.flatMap((log) => {
      const method = log.stats === null ? undefined : methodsOf(job.rotation, log).find((one) => one.refused === null)?.method;
      return method !== undefined && isRenaming(method) ? [{ log, method }] : [];
    });
    const method: RenameMethod = renamable[0]?.method ?? 'rename';
    const renamed = await renameTogether(
      job,
      method,
      renamable.map(({ log }) => log),
      surveyed,
      toolsFor(signal),
    );
    const results: RotatedLog[] = [];
    for (const log of logs) {
      const isTried = renamable.some((one) => one.log === log);
      results.push(renamed.done.get(log.path) ?? (await cutOne(job, log, isTried ? renamed.failed : null, signal)));
    }
    return results;
  }

  async function cutOne(job: Job, log: SurveyedLog, before: string | null, signal: AbortSignal): Promise<RotatedLog> {
    if (log.stats === null) return resultOf(log.path, 'left', { notes: [log.why] });
    const begun = clock.now();
    const notes = [before];
    for (const { method, refused } of methodsOf(job.rotation, log)) {
      if (refused !== null) notes.push(`${method}: ${refused}`);
      if (refused !== null || isRenaming(method)) continue;
      try {
        const writers = log.facts.writers.map((writer) => writer.pid);
        const cut = await cutLog({ record: recordOf(job, log, method), method, folder: job.folder, writers }, toolsFor(signal));
        const ms = clock.now() - begun;
        if (cut.left !== null) return resultOf(log.path, 'left', { method, ms, notes: [...notes, cut.left] });
        const { archive, bytes, windowMs, pausedMs, note } = cut;
        return resultOf(log.path, 'rotated', { method, archive, bytes, ms, windowMs, pausedMs, notes: [...notes, note] });
      } catch (error) {
        throwIfAborted(signal);
        notes.push(refusalText(method, error));
        if (!(error instanceof AppError) || error.code !== 'unsupported') break;
      }
    }
    return resultOf(log.path, 'failed', { ms: clock.now() - begun, notes });
  }

  async function recoverAll(signal: AbortSignal): Promise<string[]> {
    const told: string[] = [];
    for (const record of await journal.list()) if (await isAbandoned(record)) told.push(await recoverOne(record, signal));
    for (const line of told) deps.log.warn({}, line);
    return told;
  }

  async function isAbandoned({ owner, log }: RotationRecord): Promise<boolean> {
    const pid = Number.parseInt(owner, 10);
    return !inHand.has(log) && (pid === process.pid || (await identifyProcess(pid)) !== owner);
  }

  async function recoverOne(record: RotationRecord, signal: AbortSignal): Promise<string> {
    inHand.add(record.log);
    try {
      const { archive, note } = await recover(record, toolsFor(signal));
      const end = archive === null ? 'was undone' : `was finished: ${archive}`;
      return `${record.log}: a rotation that was broken off ${end}${note === null ? '' : ` (${note})`}`;
    } catch (error) {
      throwIfAborted(signal);
      return `${record.log}: a rotation that was broken off could not be ended: ${messageOf(error)}`;
    } finally {
      inHand.delete(record.log);
    }
  }
}

const methodsOf = (rotation: RotationSpec, log: SurveyedLog): Candidate[] => candidates(rotation.method, log.facts);

const alreadyInHand = (log: string): RotatedLog => resultOf(log, 'failed', { notes: ['it is being rotated already'] });

function planned(spec: ServiceSpec, rotation: RotationSpec, log: SurveyedLog, at: Date): PlannedRotation {
  const { folder, file } = archiveName(spec.name, log.path, at);
  const sizeBytes = log.stats === null ? null : Number(log.stats.size);
  if (log.stats === null) return { log: log.path, method: null, sizeBytes, archive: null, loss: null, why: log.why };
  const all = methodsOf(rotation, log);
  const method = all.find((one) => one.refused === null)?.method ?? null;
  const better =
    method === null
      ? all
      : all.slice(
          0,
          all.findIndex((one) => one.method === method),
        );
  const why = better.map((one) => `${one.method}: ${one.refused ?? ''}`).join('; ');
  return {
    log: log.path,
    method,
    sizeBytes,
    archive: method === null ? null : join(rotation.archiveDir, folder, file),
    loss: method === null ? null : lossOf(method, log.facts),
    why: why === '' ? null : why,
  };
}

function requireArchive(spec: ServiceSpec, { archiveDir }: RotationSpec): void {
  if (archiveDir === '')
    throw new AppError('config', `${spec.name} has logs to rotate, but no archivedir`, {
      hint: 'set archivedir in [DEFAULT] of cluster.ini',
    });
}
