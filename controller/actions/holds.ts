import { readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { z } from 'zod';
import { AppError, isErrno, messageOf } from '../../shared/errors.js';
import type { Hold } from '../../shared/model/balancer-report.js';
import { makeFolder, writeFileAtomic } from '../../shared/ports/files.js';

/** Who was taken out of the balancer by hand, why and for how long; kept over a restart of the controller. */
export interface Holds {
  all(): readonly Hold[];
  of(service: string): Hold | undefined;
  /** Resolves when it is on the disk; in memory it stands only then. */
  put(holds: readonly Hold[]): Promise<void>;
  drop(services: readonly string[]): Promise<void>;
}

/** Reads what was kept in `path`; no such file is a first start, one that can't be read an error. */
export async function openHolds(path: string): Promise<Holds> {
  let holds: ReadonlyMap<string, Hold> = new Map((await read(path)).map((hold) => [hold.service, hold]));
  let writing: Promise<void> = Promise.resolve();

  const change = (edit: (next: Map<string, Hold>) => void): Promise<void> => {
    const written = writing.then(async () => {
      const next = new Map(holds);
      edit(next);
      await write(path, [...next.values()]);
      holds = next;
    });
    // The one who changed is told of a failure; the next starts from what stands.
    writing = written.catch(() => undefined);
    return written;
  };

  return {
    all: () => [...holds.values()],
    of: (service) => holds.get(service),
    put: (added) =>
      change((next) => {
        for (const hold of added) next.set(hold.service, hold);
      }),
    drop: (services) =>
      change((next) => {
        for (const service of services) next.delete(service);
      }),
  };
}

/** It has an end, and that has come. */
export const isOver = (hold: Hold, now: number): boolean => hold.until !== null && hold.until <= now;

/** `was taken out by jane@desk until 2024-09-25T16:00:00.000Z (memory)`. */
export function describeHold({ by, until, reason }: Hold): string {
  const end = until === null ? '' : ` until ${new Date(until).toISOString()}`;
  return `was taken out by ${by}${end}${reason === null ? '' : ` (${reason})`}`;
}

const FILE = z.object({
  schema: z.literal(1),
  holds: z.array(
    z.object({
      service: z.string(),
      by: z.string(),
      reason: z.string().nullable(),
      since: z.number(),
      until: z.number().nullable(),
    }),
  ),
});

async function read(path: string): Promise<Hold[]> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return [];
    throw unreadable(path, messageOf(error), error);
  }
  try {
    return FILE.parse(JSON.parse(text)).holds;
  } catch (error) {
    throw unreadable(path, 'it does not hold what ctl wrote', error);
  }
}

async function write(path: string, holds: readonly Hold[]): Promise<void> {
  try {
    await makeFolder(dirname(path));
    await writeFileAtomic(path, `${JSON.stringify({ schema: 1, holds })}\n`);
  } catch (error) {
    throw new AppError('failed', `who is held out of the balancer can't be kept in ${path}: ${messageOf(error)}`, { cause: error });
  }
}

const unreadable = (path: string, why: string, cause: unknown) =>
  new AppError('failed', `who is held out of the balancer can't be read from ${path}: ${why}`, {
    cause,
    hint: 'mend the file, or move it away: `ctl balancer status` then shows who is out, but not why',
  });
