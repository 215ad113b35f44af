import { readdir, readFile, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { AppError, isErrno, toAppError } from '../../shared/errors.js';
import { makeFolder, openDurableLog } from '../../shared/ports/files.js';
import type { JournalEvent } from './events.js';

/** The journals of all operations: `STATE_DIR/operations/ID.jsonl`, one event a line. */
export interface JournalStore {
  /** Ids, oldest first. */
  list(): Promise<string[]>;
  /** Errors: `not-found`; `failed` if a line is damaged (a torn last line is not: it was never acted upon). */
  read(id: string): Promise<JournalEvent[]>;
  /** Cuts a torn last line, then only appends. */
  open(id: string): Promise<Journal>;
}

export interface Journal {
  append(event: JournalEvent): Promise<void>;
  close(): Promise<void>;
}

const ID = /^[0-9]{8}-[0-9]{6}-[0-9a-f]{4}$/;

/** `YYYYMMDD-HHMMSS-xxxx` in UTC: sorts by time, unique by its last four hex digits. */
export function operationId(at: number, random: number): string {
  const [date, time] = new Date(at).toISOString().replace(/[-:]/g, '').split('T') as [string, string];
  return `${date}-${time.slice(0, 6)}-${Math.floor(random * 0x10000)
    .toString(16)
    .padStart(4, '0')}`;
}

export async function openJournalStore(stateDir: string): Promise<JournalStore> {
  const folder = join(stateDir, 'operations');
  await makeFolder(folder);
  const fileOf = (id: string): string => {
    if (!ID.test(id)) throw new AppError('not-found', `"${id}" is not an operation`, { hint: 'ctl operations list shows their ids' });
    return join(folder, `${id}.jsonl`);
  };

  async function readWhole(id: string): Promise<{ events: JournalEvent[]; goodBytes: number; bytes: number }> {
    const file = fileOf(id);
    const content = await readFile(file).catch((error: unknown) => {
      if (isErrno(error, 'ENOENT'))
        throw new AppError('not-found', `there is no operation ${id}`, { hint: 'ctl operations list shows their ids' });
      throw toAppError(error, 'failed', `cannot read the journal of operation ${id}`);
    });
    const goodBytes = content.lastIndexOf(0x0a) + 1;
    const lines = content.subarray(0, goodBytes).toString('utf8').split('\n').slice(0, -1);
    return { events: lines.map((line, i) => parseLine(line, `${file}:${i + 1}`)), goodBytes, bytes: content.length };
  }

  return {
    list: async () =>
      (await readdir(folder))
        .filter((name) => name.endsWith('.jsonl') && ID.test(name.slice(0, -6)))
        .map((name) => name.slice(0, -6))
        .sort(),
    read: async (id) => (await readWhole(id)).events,
    async open(id) {
      const whole = await readWhole(id).catch((error: unknown) => {
        if (error instanceof AppError && error.code === 'not-found') return null;
        throw error;
      });
      if (whole !== null && whole.goodBytes < whole.bytes) await truncate(fileOf(id), whole.goodBytes);
      const log = await openDurableLog(fileOf(id));
      return { append: (event) => log.append(JSON.stringify(event)), close: () => log.close() };
    },
  };
}

function parseLine(line: string, where: string): JournalEvent {
  try {
    const event: unknown = JSON.parse(line);
    if (typeof event === 'object' && event !== null && 'type' in event) return event as JournalEvent;
  } catch {
    // Told below, with the place.
  }
  throw new AppError('failed', `${where}: the journal of an operation is damaged`, {
    hint: 'look at the balancer with your own eyes, then move this file away to go on without it',
  });
}
