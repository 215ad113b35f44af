import { z } from 'zod';
import { AppError } from '../errors.js';
import type { ZeoStorage } from '../model/probe.js';

/** How long a commit lock may be held before it is worth telling. */
const OLD_LOCK_MS = 30_000;

/** ZEO's answer to `ruok`. Older releases lack keys, newer ones add some: only what is there is judged. */
const STATUS = z.record(
  z.string(),
  z.object({
    connections: z.number().optional(),
    waiting: z.number().optional(),
    /** Epoch seconds by the clock of the ZEO host. */
    lock_time: z.number().nullable().optional(),
    /** `'stub'` where no transaction timeout is configured. */
    'timeout-thread-is-alive': z.union([z.boolean(), z.string()]).optional(),
  }),
);

/** Reads the JSON that answers `ruok`; `failed` if it is none. */
export function parseZeoStatus(json: string, now: number): { readonly storages: ZeoStorage[]; readonly warnings: string[] } {
  const parsed = STATUS.safeParse(parseJson(json));
  if (!parsed.success) throw new AppError('failed', `answered ruok with something else than the state of its storages: ${excerpt(json)}`);
  const storages: ZeoStorage[] = [];
  const warnings: string[] = [];
  for (const [name, status] of Object.entries(parsed.data)) {
    const { connections = null, waiting = null, lock_time: lockTime = null } = status;
    storages.push({ name, connections, waiting });
    if (waiting !== null && waiting > 0) warnings.push(`storage ${name}: ${waiting} waiting for the commit lock`);
    const heldMs = lockTime === null ? 0 : now - lockTime * 1000;
    if (heldMs > OLD_LOCK_MS) warnings.push(`storage ${name}: the commit lock is held for ${Math.round(heldMs / 1000)} s`);
    if (status['timeout-thread-is-alive'] === false) warnings.push(`storage ${name}: the thread that ends hung transactions is dead`);
  }
  if (storages.length === 0) warnings.push('it serves no storage');
  return { storages, warnings };
}

function parseJson(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch (error) {
    throw new AppError('failed', `answered ruok with something that is no JSON: ${excerpt(json)}`, { cause: error });
  }
}

const excerpt = (text: string) => JSON.stringify(text.length > 80 ? `${text.slice(0, 80)}…` : text);
