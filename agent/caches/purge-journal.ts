import { join } from 'node:path';
import type { ServiceSpec } from '../../shared/model/service.js';
import { createRecordFolder } from '../record-folder.js';

/** What is being done, written down before it is: `stopping` also while its files are moved aside, which takes a cache that does not run. */
export const PURGE_STAGES = ['stopping', 'making', 'putting-back', 'starting', 'removing', 'done'] as const;

/** The last purge of one Squid. It stays when it is over: the same command again gets the same result. */
export interface PurgeRecord {
  /** Of the command. */
  readonly id: string;
  readonly spec: ServiceSpec;
  readonly stopDeadlineMs: number;
  readonly startDeadlineMs: number;
  /** Where its files go, inside its folder; '' for a cache in memory alone. */
  readonly aside: string;
  /** It ran, and has to run again. */
  readonly restart: boolean;
  /** Epoch ms from which on it answered nobody. */
  readonly since: number;
  /** null: not over yet, or it did not run. */
  readonly awayMs: number | null;
  /** Why it was put back as it was. */
  readonly failure: string | null;
  readonly stage: (typeof PURGE_STAGES)[number];
}

export interface PurgeJournal {
  /** null: that service was never purged. Errors: `failed` for a file that cannot be read. */
  read(service: string): Promise<PurgeRecord | null>;
  /** On the disk when it resolves. Errors: `failed`. */
  write(record: PurgeRecord): Promise<void>;
  list(): Promise<PurgeRecord[]>;
}

/** A file a service in `STATE_DIR/purges`. */
export function createPurgeJournal(stateDir: string): PurgeJournal {
  const records = createRecordFolder(join(stateDir, 'purges'), {
    isRecord,
    what: (service) => `the purge of ${service}`,
    hint: 'see that the Squid runs, then move this file away',
  });
  return {
    read: (service) => records.read(service),
    write: (record) => records.write(record.spec.name, record),
    list: () => records.list(),
  };
}

/** Our own files, checked for damage and for those of a later version; what is in them is ours. */
function isRecord(value: unknown): value is PurgeRecord {
  if (typeof value !== 'object' || value === null) return false;
  const record = value as Record<string, unknown>;
  const isText = ['id', 'aside'].every((key) => typeof record[key] === 'string');
  const isNumber = ['stopDeadlineMs', 'startDeadlineMs', 'since'].every((key) => typeof record[key] === 'number');
  return isText && isNumber && typeof record.spec === 'object' && PURGE_STAGES.some((stage) => stage === record.stage);
}
