import { mkdir, realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { AppError, messageOf, toAppError } from '../../shared/errors.js';
import type { RotatedLog, RotateMethod, RotationSpec } from '../../shared/model/rotation.js';
import type { ServiceSpec } from '../../shared/model/service.js';
import { identifyProcess } from '../../shared/ports/process-identity.js';
import { archiveName } from './archive-name.js';
import type { RotationRecord } from './journal.js';
import type { SurveyedLog } from './survey.js';

/** One rotation of the logs of one service: all archives are named for the moment at which it began. */
export interface Job {
  readonly spec: ServiceSpec;
  readonly rotation: RotationSpec;
  readonly at: Date;
  /** Of this process, `pid@starttime`. */
  readonly owner: string;
  /** `archivedir/YYYY/M`, which exists. */
  readonly folder: string;
}

/** Makes the folder of the month. Errors: `failed`, `denied` (a link leads out of archivedir). */
export async function openJob(spec: ServiceSpec, rotation: RotationSpec, at: Date): Promise<Job> {
  const owner = (await identifyProcess(process.pid)) ?? `${process.pid}@0`;
  return { spec, rotation, at, owner, folder: await makeMonth(rotation.archiveDir, archiveName(spec.name, '', at).folder) };
}

async function makeMonth(archiveDir: string, month: string): Promise<string> {
  const folder = join(archiveDir, month);
  try {
    await mkdir(folder, { recursive: true, mode: 0o755 });
    const [real, root] = await Promise.all([realpath(folder), realpath(archiveDir)]);
    if (real !== join(root, month))
      throw new AppError('denied', `${folder} leads to ${real}`, { hint: 'archives go below archivedir, not where links in it lead' });
    return real;
  } catch (error) {
    throw toAppError(error, 'failed', `the folder ${folder} cannot be made`, 'may the agent write to archivedir?');
  }
}

/** What is written down before anything is done. */
export function recordOf({ spec, rotation, at, owner, folder }: Job, log: SurveyedLog, method: RotateMethod): RotationRecord {
  const name = archiveName(spec.name, log.path, at).file;
  const { dev = 0n, ino = 0n } = log.stats ?? {};
  const identity = { log: log.path, service: spec.name, method, owner, dev: String(dev), ino: String(ino) };
  return { ...identity, part: join(folder, `.${name}.part`), name, compress: rotation.compress, stage: { at: 'copying' } };
}

/** What became of one log; `notes` are put together, null is nothing. */
export function resultOf(
  log: string,
  outcome: RotatedLog['outcome'],
  more: Partial<Omit<RotatedLog, 'log' | 'outcome' | 'why'>> & { readonly notes?: readonly (string | null)[] },
): RotatedLog {
  const { notes = [], ...rest } = more;
  const why = notes.filter((note) => note !== null).join('; ');
  const nothing = { method: null, archive: null, bytes: 0, ms: 0, windowMs: null, pausedMs: null };
  return { log, outcome, ...nothing, ...rest, why: why === '' ? null : why };
}

/** Why a method did not do, for the note beside the one that did. */
export const refusalText = (method: RotateMethod, error: unknown): string => {
  const hint = error instanceof AppError && error.hint !== undefined ? ` (${error.hint})` : '';
  return `${method}: ${messageOf(error)}${hint}`;
};
