import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { AppError, isErrno, toAppError } from '../../shared/errors.js';
import { parseJson } from '../../shared/json.js';
import { makeFolder, openDurableLog } from '../../shared/ports/files.js';
import type { JournalEvent } from './events.js';

/** The journals of all operations: `STATE_DIR/operations/ID.jsonl`, one event a line. */
export interface JournalStore {
  /** Ids, oldest first; without those whose first line never got to the disk: nothing was done for them. `since`: begun then or later, epoch ms. Errors: `failed` if a first line is damaged. */
  list(since?: number): Promise<string[]>;
  /** Deletes what is older than 90 days, and of the rest what is beyond the newest 200; never one in which something was done on the last day, nor one that `keeps` names. */
  prune(now: number, keeps: (journal: readonly JournalEvent[]) => boolean): Promise<readonly string[]>;
  /** Errors: `not-found`; `failed` if a line is damaged (a torn last line is not: it was never acted upon). */
  read(id: string): Promise<JournalEvent[]>;
  /** Cuts a torn last line, then only appends. Errors: `not-found` for what cannot be an id. */
  open(id: string): Promise<Journal>;
}

export interface Journal {
  append(event: JournalEvent): Promise<void>;
  close(): Promise<void>;
}

const DAY_MS = 86_400_000;
const KEPT = 200;
const KEPT_MS = 90 * DAY_MS;

const ID = /^[0-9]{8}-[0-9]{6}-[0-9a-f]{4}$/;

/** `YYYYMMDD-HHMMSS-xxxx` in UTC: sorts by time, unique by its last four hex digits. */
export function operationId(at: number, random: number): string {
  const [date, time] = new Date(at).toISOString().replace(/[-:]/g, '').split('T') as [string, string];
  return `${date}-${time.slice(0, 6)}-${Math.floor(random * 0x10000)
    .toString(16)
    .padStart(4, '0')}`;
}

/** Epoch ms, by its id. */
function begunAt(id: string): number {
  const [, year, month, day, hour, minute, second] = /^(\d{4})(\d\d)(\d\d)-(\d\d)(\d\d)(\d\d)/.exec(id) ?? [];
  return Date.UTC(Number(year), Number(month) - 1, Number(day), Number(hour), Number(minute), Number(second));
}

export async function openJournalStore(stateDir: string): Promise<JournalStore> {
  const folder = join(stateDir, 'operations');
  await makeFolder(folder);
  const fileOf = (id: string): string => {
    if (!ID.test(id)) throw new AppError('not-found', `"${id}" is not an operation`, { hint: 'ctl operations list shows their ids' });
    return join(folder, `${id}.jsonl`);
  };

  const contentOf = (id: string): Promise<Buffer> =>
    readFile(fileOf(id)).catch((error: unknown) => {
      if (isErrno(error, 'ENOENT')) throw notThere(id);
      throw toAppError(error, 'failed', `cannot read the journal of operation ${id}`);
    });

  async function readWhole(id: string): Promise<JournalEvent[]> {
    const content = await contentOf(id);
    const goodBytes = content.lastIndexOf(0x0a) + 1;
    if (goodBytes === 0) throw notThere(id);
    const lines = content.subarray(0, goodBytes).toString('utf8').split('\n').slice(0, -1);
    return lines.map((line, i) => parseLine(line, i === 0, `${fileOf(id)}:${i + 1}`));
  }

  async function prune(now: number, keeps: (journal: readonly JournalEvent[]) => boolean): Promise<string[]> {
    const ids = (await readdir(folder)).flatMap((name) =>
      name.endsWith('.jsonl') && ID.test(name.slice(0, -6)) ? [name.slice(0, -6)] : [],
    );
    const pruned: string[] = [];
    for (const [newer, id] of ids.sort().reverse().entries()) {
      const age = now - begunAt(id);
      if (age < DAY_MS || (newer < KEPT && age < KEPT_MS)) continue;
      const torn = !(await contentOf(id)).includes(0x0a);
      const journal = torn ? [] : await readWhole(id);
      const quietMs = now - (journal.at(-1)?.at ?? 0);
      if (quietMs < DAY_MS || (journal.length > 0 && keeps(journal))) continue;
      await rm(fileOf(id));
      pruned.push(id);
    }
    return pruned;
  }

  return {
    async list(since = -Infinity) {
      const ids = (await readdir(folder)).filter((name) => name.endsWith('.jsonl')).map((name) => name.slice(0, -6));
      const begun: { id: string; second: number; at: number }[] = [];
      for (const id of ids.filter((one) => ID.test(one) && begunAt(one) >= since).sort()) {
        const content = await contentOf(id);
        const end = content.indexOf(0x0a);
        if (end === -1) continue;
        begun.push({ id, second: begunAt(id), at: parseLine(content.toString('utf8', 0, end), true, `${fileOf(id)}:1`).at });
      }
      // What an id tells is the second; a stop and the start after it can share one.
      return begun.sort((a, b) => a.second - b.second || a.at - b.at).map(({ id }) => id);
    },
    prune,
    read: readWhole,
    async open(id) {
      const log = await openDurableLog(fileOf(id));
      return {
        append: (event) =>
          log.append(JSON.stringify(event)).catch((error: unknown) => {
            throw toAppError(error, 'failed', `cannot write the journal ${fileOf(id)}`, 'is the disk full?');
          }),
        close: () => log.close(),
      };
    },
  };
}

/** The plan is the first line, and only that. */
function parseLine(line: string, first: boolean, where: string): JournalEvent {
  const event = parseJson(line);
  if (isEvent(event) && (event.type === 'started') === first) return event;
  throw new AppError('failed', `${where}: the journal of an operation is damaged`, {
    hint: 'look at the balancer with your own eyes, then move this file away to go on without it',
  });
}

const TYPES: Readonly<Record<JournalEvent['type'], true>> = {
  started: true,
  attached: true,
  'taken-out': true,
  rotating: true,
  rotated: true,
  purging: true,
  purged: true,
  entered: true,
  settled: true,
  noted: true,
  halting: true,
  hook: true,
  continued: true,
  finished: true,
};

/** Our own lines, checked for damage and for those of a later version; what is in them is ours. */
const isEvent = (value: unknown): value is JournalEvent =>
  typeof value === 'object' && value !== null && 'type' in value && typeof value.type === 'string' && Object.hasOwn(TYPES, value.type);

const notThere = (id: string) => new AppError('not-found', `there is no operation ${id}`, { hint: 'ctl operations list shows their ids' });
