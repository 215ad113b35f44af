import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { AppError, isErrno, toAppError } from '../../shared/errors.js';
import { writeFileAtomic } from '../../shared/ports/files.js';
import type { LogPlace } from '../logs/index.js';

/** How far the log of each service has been read, on the agent's disk. */
export interface Places {
  of(log: WatchedLog): LogPlace | null;
  set(log: WatchedLog, place: LogPlace): void;
  /** Forgets all others. */
  keep(logs: readonly WatchedLog[]): void;
  /** Writes what has changed. An older file only makes the agent read again what it knows: events of the same id are told once. */
  save(): Promise<void>;
}

export interface WatchedLog {
  readonly service: string;
  readonly path: string;
}

/** Errors: `failed` if the file is there and cannot be understood. */
export async function openPlaces(stateDir: string): Promise<Places> {
  const path = join(stateDir, 'log-places.json');
  const places = new Map(Object.entries(await read(path)));
  let saved = places.size === 0 ? '' : format(places);
  return {
    of: (log) => places.get(keyOf(log)) ?? null,
    set: (log, place) => void places.set(keyOf(log), place),
    keep(logs) {
      const kept = new Set(logs.map(keyOf));
      for (const key of places.keys()) if (!kept.has(key)) places.delete(key);
    },
    async save() {
      const text = format(places);
      if (text === saved) return;
      await writeFileAtomic(path, text);
      saved = text;
    },
  };
}

const keyOf = ({ service, path }: WatchedLog) => `${service} ${path}`;
const format = (places: ReadonlyMap<string, LogPlace>) => `${JSON.stringify(Object.fromEntries(places))}\n`;

async function read(path: string): Promise<Readonly<Record<string, LogPlace>>> {
  try {
    const value: unknown = JSON.parse(await readFile(path, 'utf8'));
    if (typeof value === 'object' && value !== null && Object.values(value).every(isPlace)) return value as Record<string, LogPlace>;
    throw new AppError('failed', `${path} is damaged`, { hint: AWAY });
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return {};
    throw toAppError(error, 'failed', `${path} cannot be read`, AWAY);
  }
}

const AWAY = 'move it away: logs are then watched from their ends on';

function isPlace(value: unknown): value is LogPlace {
  if (typeof value !== 'object' || value === null) return false;
  const { dev, ino, offset, mark, at } = value as Record<string, unknown>;
  return typeof mark === 'string' && [dev, ino, offset, at].every((number) => typeof number === 'number');
}
