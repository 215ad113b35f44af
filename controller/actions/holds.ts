import { z } from 'zod';
import type { Hold } from '../../shared/model/balancer-report.js';
import { createInTurn } from '../../shared/in-turn.js';
import { createStateFile } from '../state-file.js';

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
  const file = openFile(path);
  let holds: ReadonlyMap<string, Hold> = new Map((await file.read())?.holds.map((hold) => [hold.service, hold]));
  const inTurn = createInTurn();

  const change = (edit: (next: Map<string, Hold>) => void): Promise<void> =>
    inTurn(async () => {
      const next = new Map(holds);
      edit(next);
      await file.write({ schema: 1, holds: [...next.values()] });
      holds = next;
    });

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

const openFile = (path: string) =>
  createStateFile(path, {
    schema: FILE,
    what: 'who is held out of the balancer',
    hint: 'mend the file, or move it away: `ctl balancer status` then shows who is out, but not why',
  });
