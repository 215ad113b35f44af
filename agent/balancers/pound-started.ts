import { createHash } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { AppError, isErrno, messageOf } from '../../shared/errors.js';
import type { ProcessState } from '../../shared/model/process.js';
import { makeFolder, writeFileAtomic } from '../../shared/ports/files.js';
import type { PoundWanted } from './pound-wanted.js';

/** A place of a backend as a Pound that cannot be asked has it. */
export interface StartedPlace {
  readonly address: string;
  readonly place: string;
  readonly enabled: boolean;
}

export type Running = Extract<ProcessState, { state: 'running' }>;

/** What a Pound without a control socket was started with: its file at that moment. */
export interface PoundStarted {
  /** null: its file was changed since, and nobody noted what was in it. */
  read(running: Running, wanted: PoundWanted): Promise<readonly StartedPlace[] | null>;
  /** Notes that this process has read what is wanted now. */
  note(running: Running, wanted: PoundWanted): Promise<void>;
}

/** Notes are kept in `stateDir`; `pidFile`: Pound writes it right after it has read its file. */
export function createPoundStarted(options: {
  readonly stateDir: string;
  readonly conf: string;
  readonly pidFile: string | undefined;
}): PoundStarted {
  const { stateDir, conf, pidFile } = options;
  const path = join(stateDir, `pound-started-${createHash('sha256').update(conf).digest('hex').slice(0, 16)}.json`);

  return {
    async read(running, wanted) {
      const noted = await readNote(path);
      if (noted?.process === running.process) return noted.places;
      const changed = await Promise.all([...wanted.source.files.keys()].map(async (file) => (await stat(file)).mtimeMs));
      return Math.max(...changed) < (await hadReadAt(running)) ? placesOfFile(wanted) : null;
    },
    async note({ process }, wanted) {
      await makeFolder(stateDir);
      await writeFileAtomic(path, `${JSON.stringify({ schema: 1, process, places: placesOfFile(wanted) })}\n`);
    },
  };

  /** Up to when at most it has read its file. */
  async function hadReadAt({ startedAt }: Running): Promise<number> {
    const early = startedAt - START_TIME_MARGIN_MS;
    if (pidFile === undefined) return early;
    try {
      const { mtimeMs } = await stat(pidFile);
      // Older than the process: it is not the one that wrote it.
      return mtimeMs < early ? early : mtimeMs;
    } catch (error) {
      if (isErrno(error, 'ENOENT', 'EACCES')) return early;
      throw error;
    }
  }
}

export const placesOfFile = ({ places }: PoundWanted): StartedPlace[] =>
  places.map(({ address, at }) => ({ address, place: at.place, enabled: at.backend.enabled }));

/** The kernel tells start times to about a second. */
const START_TIME_MARGIN_MS = 2_000;

interface Note {
  readonly process: string;
  readonly places: readonly StartedPlace[];
}

async function readNote(path: string): Promise<Note | null> {
  try {
    const note: unknown = JSON.parse(await readFile(path, 'utf8'));
    if (isNote(note)) return note;
    throw new AppError('failed', 'it does not hold what ctl-agent wrote');
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return null;
    throw new AppError('failed', `what Pound was started with can't be read from ${path}: ${messageOf(error)}`, {
      cause: error,
      hint: 'move the file away: the next change of a backend restarts Pound and writes it anew',
    });
  }
}

function isNote(value: unknown): value is Note {
  if (typeof value !== 'object' || value === null) return false;
  if (!('process' in value) || typeof value.process !== 'string' || !('places' in value) || !Array.isArray(value.places)) return false;
  return value.places.every(isPlace);
}

const isPlace = (value: unknown): value is StartedPlace =>
  typeof value === 'object' &&
  value !== null &&
  'address' in value &&
  typeof value.address === 'string' &&
  'place' in value &&
  typeof value.place === 'string' &&
  'enabled' in value &&
  typeof value.enabled === 'boolean';
