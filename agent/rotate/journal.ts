import { join } from 'node:path';
import { AppError } from '../../shared/errors.js';
import type { ArchiveCompression, RotateMethod } from '../../shared/model/rotation.js';
import { createRecordFolder } from '../record-folder.js';

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
  const records = createRecordFolder(join(stateDir, 'rotations'), {
    isRecord,
    what: (log) => `the rotation of ${log}`,
    hint: 'look for a hidden .part file in archivedir, then move this file away',
  });
  return {
    async begin(record) {
      if (!(await records.add(record.log, record))) throw new AppError('conflict', `${record.log} is being rotated already`);
    },
    update: (record) => records.write(record.log, record),
    end: (record) => records.remove(record.log),
    list: () => records.list(),
  };
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
