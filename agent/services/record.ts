import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { AppError, isErrno, messageOf } from '../../shared/errors.js';
import { processId, type ProcessId } from '../../shared/model/process.js';
import { writeFileAtomic } from '../../shared/ports/files.js';

/**
 * What an agent remembers of the last start of one service. It is on the disk before the start command is answered for, so that a
 * restarted agent still knows a process that has not written its pid file yet.
 */
export interface ServiceRecord {
  /** The boot in which `process` means something. */
  readonly bootId: string;
  /** In the environment of the started process and what it leaves: finds it again if we died before its identity was noted. */
  readonly token: string;
  /** Epoch ms. */
  readonly at: number;
  /** Of the start command itself, which may be the service; null: it was about to be run. */
  readonly process: ProcessId | null;
  /** The unit of systemd that it was started in; null: it was a child of the agent. */
  readonly unit: string | null;
  /** How the start command ended; null: it runs, or ended unseen. */
  readonly ended: { readonly at: number; readonly code: number | null; readonly signal: string | null } | null;
  /** Set before the first signal of a stop: what ends after that has not failed. */
  readonly stopping: boolean;
}

export interface RecordStore {
  /** null: never started by us. `failed` if the file is there and cannot be used. */
  read(service: string): Promise<ServiceRecord | null>;
  write(service: string, record: ServiceRecord): Promise<void>;
}

export function createRecordStore(folder: string): RecordStore {
  const pathOf = (service: string) => join(folder, `${fileNameOf(service)}.json`);
  return {
    async read(service) {
      const path = pathOf(service);
      try {
        return parseRecord(await readFile(path, 'utf8'));
      } catch (error) {
        if (isErrno(error, 'ENOENT')) return null;
        throw new AppError('failed', `${path} cannot be used: ${messageOf(error)}`, {
          cause: error,
          hint: `see that ${service} is in order, then remove ${path}`,
        });
      }
    },
    write: (service, record) => writeFileAtomic(pathOf(service), `${JSON.stringify(record)}\n`),
  };
}

/** A service name as a file name: what is not a letter, digit, dash, dot or underscore becomes `%XX`, so no two names meet and none leaves the folder. */
export function fileNameOf(service: string): string {
  return Array.from(Buffer.from(service, 'utf8'), (byte, index) => {
    const character = String.fromCharCode(byte);
    return /[A-Za-z0-9_-]/.test(character) || (character === '.' && index > 0) ? character : `%${byte.toString(16).padStart(2, '0')}`;
  }).join('');
}

export function parseRecord(text: string): ServiceRecord {
  const value: unknown = JSON.parse(text);
  if (!isRecord(value)) throw new Error('it is not a record of a service');
  const [pid, ticks] = value.process?.split('@').map(Number) ?? [];
  return { ...value, unit: value.unit ?? null, process: pid === undefined || ticks === undefined ? null : processId(pid, ticks) };
}

/** An agent that knew no units wrote none. */
type WrittenRecord = Omit<ServiceRecord, 'unit'> & { readonly unit?: string | null };

function isRecord(value: unknown): value is WrittenRecord {
  if (typeof value !== 'object' || value === null) return false;
  const { bootId, token, at, process, unit, ended, stopping } = value as Partial<Record<keyof ServiceRecord, unknown>>;
  return (
    typeof bootId === 'string' &&
    typeof token === 'string' &&
    typeof at === 'number' &&
    (process === null || (typeof process === 'string' && /^\d+@\d+$/.test(process))) &&
    (unit === undefined || unit === null || typeof unit === 'string') &&
    typeof ended === 'object' &&
    typeof stopping === 'boolean'
  );
}
