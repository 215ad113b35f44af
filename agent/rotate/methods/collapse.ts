import type { FileHandle } from 'node:fs/promises';
import { AppError } from '../../../shared/errors.js';
import type { Exec } from '../../../shared/ports/exec.js';
import { sha256Of } from '../draft.js';
import { readRange } from '../entry-start.js';
import type { Stage } from '../journal.js';
import type { Cut, CutDeps, LogInHand } from './method.js';

export type CollapsingStage = Extract<Stage, { at: 'collapsing' }>;

/**
 * Takes everything before `boundary` off the head of a log while its writer goes on appending: nothing is lost and nothing waits. The
 * file system takes off whole units; what is left of the archived part is blanked first, so that each entry lies whole in one file, and
 * so that a log which was cut can be told from one that was not. Errors: `unsupported`, and the log is as it was.
 */
export async function collapse(log: LogInHand, boundary: number, units: readonly number[], deps: CutDeps): Promise<Cut> {
  const cuts = cutsBefore(boundary, units);
  const hashes = new Map<number, string>();
  await log.draft.copyTo(log.file, boundary, deps.signal, new Map(cuts.map((cut) => [cut, (sha256) => hashes.set(cut, sha256)])));
  await log.draft.sync();
  await log.draft.verify(deps.signal);
  for (const cutBytes of cuts) {
    const stage: CollapsingStage = { at: 'collapsing', cutBytes, keptFrom: boundary, sha256: hashes.get(cutBytes) ?? '' };
    const rest = await readRange(log.file, cutBytes, boundary);
    await log.enter(stage);
    await requireUncut(log);
    const refusal = await takeOff(log.file, stage, rest, deps.exec);
    if (refusal === null) return { windowMs: null, pausedMs: null, note: null };
    await log.enter({ at: 'copying' });
    if (refusal.kind === 'other') throw new AppError('failed', `${log.path} could not be collapsed: ${refusal.why}`);
    if (refusal.kind === 'unsupported') throw new AppError('unsupported', `${log.path} cannot be collapsed: ${refusal.why}`);
  }
  throw new AppError('unsupported', `${log.path} cannot be collapsed: its file system takes off none of ${cuts.join(', ')} bytes`);
}

/** Right before the cut: from then on a log that is not as it was counts as cut by us. */
async function requireUncut(log: LogInHand): Promise<void> {
  try {
    await log.check();
  } catch (error) {
    await log.enter({ at: 'copying' });
    throw error;
  }
}

/** How much can be taken off so that some of what is archived is left to be blanked; each unit gives one, none is 0. */
export const cutsBefore = (boundary: number, units: readonly number[]): number[] => [
  ...new Set(units.map((unit) => Math.floor((boundary - MIN_BLANK) / unit) * unit).filter((cut) => cut > 0)),
];

/** A blank and a newline. */
const MIN_BLANK = 2;

/** `unit`: not a multiple of the allocation unit. */
interface Refusal {
  readonly kind: 'unit' | 'unsupported' | 'other';
  readonly why: string;
}

/** Can be done again after a crash at any point. Answers why it was not done; the log is as it was then. */
export async function takeOff(file: FileHandle, stage: CollapsingStage, rest: Buffer, exec: Exec): Promise<Refusal | null> {
  await overwrite(file, blanks(rest.length), stage.cutBytes);
  const refusal = await fallocate(file, stage.cutBytes, exec);
  if (refusal === null || (await isCollapsed(file, stage))) return null;
  await overwrite(file, rest, stage.cutBytes);
  return refusal;
}

/** Once it was cut, the log begins with the blanks. */
export async function isCollapsed(file: FileHandle, { cutBytes, keptFrom, sha256 }: CollapsingStage): Promise<boolean> {
  const { size } = await file.stat();
  return size < keptFrom || (await sha256Of(file, cutBytes, NEVER)) !== sha256;
}

/** What was begun is ended: no signal leaves a log half blanked. */
const NEVER = new AbortController().signal;

const blanks = (length: number): Buffer => Buffer.from(`${' '.repeat(length - 1)}\n`, 'latin1');

async function overwrite(file: FileHandle, bytes: Buffer, position: number): Promise<void> {
  for (let written = 0; written < bytes.length;) {
    written += (await file.write(bytes, written, bytes.length - written, position + written)).bytesWritten;
  }
  await file.datasync();
}

/** The file by our own descriptor: what its path leads to may change. */
async function fallocate(file: FileHandle, bytes: number, exec: Exec): Promise<Refusal | null> {
  const path = `/proc/${process.pid}/fd/${file.fd}`;
  try {
    const { code, stderr } = await exec(['fallocate', '--collapse-range', '--offset', '0', '--length', String(bytes), path], {
      timeoutMs: FALLOCATE_MS,
      signal: NEVER,
      env: { ...pathOnly(), LC_ALL: 'C' },
    });
    if (code === 0) return null;
    const why =
      stderr
        .trim()
        .split('\n')[0]
        ?.replace(/^fallocate: /, '') ?? `fallocate ended with ${code ?? 'a signal'}`;
    if (/invalid argument/i.test(why)) return { kind: 'unit', why };
    return { kind: /not supported|unrecognized option|unknown option/i.test(why) ? 'unsupported' : 'other', why };
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    return { kind: error.code === 'failed' ? 'unsupported' : 'other', why: error.message };
  }
}

const pathOnly = (): Record<string, string> => ({ PATH: process.env.PATH ?? '/usr/bin:/bin' });

const FALLOCATE_MS = 120_000;
