import { createHash } from 'node:crypto';
import { link, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { AppError, isErrno, toAppError } from '../../shared/errors.js';
import type { ArchiveCompression, RotateMethod } from '../../shared/model/rotation.js';
import { makeFolder, writeFileAtomic } from '../../shared/ports/files.js';

/** One rotation under way: written before each step that changes something, and gone when nothing is left to be done. */
export interface RotationRecord {
  readonly log: string;
  readonly service: string;
  readonly method: RotateMethod;
  /** `pid@starttime` of the agent that does it. */
  readonly owner: string;
  /** Of the log, as decimal numbers. */
  readonly dev: string;
  readonly ino: string;
  /** The archive while it is written, and the name that it gets. */
  readonly part: string;
  readonly name: string;
  readonly compress: ArchiveCompression;
  readonly stage: Stage;
}

export type Stage =
  /** The log is as it was. */
  | { readonly at: 'copying' }
  /** The first `cutBytes` are taken off; before that the bytes from there to `keptFrom` are blanked, which belong to an archived entry. */
  | { readonly at: 'collapsing'; readonly cutBytes: number; readonly keptFrom: number; readonly sha256: string }
  /** Everything is taken off; the archive begins with `bytes` bytes of this hash, and has what came after them as well. */
  | { readonly at: 'truncating'; readonly bytes: number; readonly sha256: string; readonly paused: readonly string[] }
  /** The log has another name, from before its writer opens a new one. */
  | { readonly at: 'aside'; readonly aside: string }
  /** The archive is complete and the log has been cut. */
  | { readonly at: 'cut' }
  /** The archive has its name; its compressed form may be there too. */
  | { readonly at: 'published'; readonly archive: string };

export interface Journal {
  /** Rejects with `conflict` if this log is being rotated, or was and nobody has recovered that. */
  begin(record: RotationRecord): Promise<void>;
  /** On the disk when it resolves. */
  update(record: RotationRecord): Promise<void>;
  end(record: RotationRecord): Promise<void>;
  /** Errors: `failed` if one cannot be read. */
  list(): Promise<RotationRecord[]>;
}

/** A file a rotation in `STATE_DIR/rotations`, named for the log: there is one of each log at most. */
export function createJournal(stateDir: string): Journal {
  const folder = join(stateDir, 'rotations');
  const pathOf = (log: string) => join(folder, `${createHash('sha256').update(log).digest('hex').slice(0, 24)}.json`);

  return {
    async begin(record) {
      const path = pathOf(record.log);
      const draft = `${path}.${process.pid}.new`;
      await makeFolder(folder);
      try {
        await writeFileAtomic(draft, toLine(record));
        await link(draft, path);
      } catch (error) {
        if (isErrno(error, 'EEXIST')) throw new AppError('conflict', `${record.log} is being rotated already`);
        throw toAppError(error, 'failed', `the rotation of ${record.log} cannot be written down`, 'see state_dir in agent.ini');
      } finally {
        await rm(draft, { force: true });
      }
    },
    async update(record) {
      await writeFileAtomic(pathOf(record.log), toLine(record)).catch((error: unknown) => {
        throw toAppError(error, 'failed', `the rotation of ${record.log} cannot be written down`, 'see state_dir in agent.ini');
      });
    },
    end: (record) => rm(pathOf(record.log), { force: true }),
    async list() {
      const names = await readdir(folder).catch((error: unknown) => {
        if (isErrno(error, 'ENOENT')) return [];
        throw toAppError(error, 'failed', `${folder} cannot be read`);
      });
      const records: RotationRecord[] = [];
      for (const name of names.filter((one) => one.endsWith('.json'))) {
        const record = await readRecord(join(folder, name));
        if (record !== null) records.push(record);
      }
      return records;
    },
  };
}

const toLine = (record: RotationRecord): string => `${JSON.stringify(record)}\n`;

/** null: it ended meanwhile. */
async function readRecord(path: string): Promise<RotationRecord | null> {
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    if (isErrno(error, 'ENOENT')) return null;
    throw toAppError(error, 'failed', `${path} cannot be read`);
  });
  if (text === null) return null;
  const value = parse(text);
  if (isRecord(value)) return value;
  throw new AppError('failed', `${path} is damaged`, { hint: 'look for a hidden .part file in archivedir, then move this file away' });
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}

/** Our own files, checked for damage and for those of a later version; what is in them is ours. */
function isRecord(value: unknown): value is RotationRecord {
  if (typeof value !== 'object' || value === null) return false;
  const { stage, ...texts } = value as Record<string, unknown>;
  if (typeof stage !== 'object' || stage === null || !('at' in stage)) return false;
  const known = ['copying', 'collapsing', 'truncating', 'aside', 'cut', 'published'].some((at) => at === stage.at);
  return (
    known && ['log', 'service', 'method', 'owner', 'dev', 'ino', 'part', 'name', 'compress'].every((key) => typeof texts[key] === 'string')
  );
}
