import type { JournalEvent } from './events.js';
import type { JournalStore } from './journal.js';
import { replay } from './progress.js';

/** One time that a repair touched a service. Times are epoch ms. */
export interface RepairAttempt {
  readonly service: string;
  readonly operation: string;
  readonly at: number;
  /** null: under way, or left unfinished. */
  readonly endedAt: number | null;
  readonly failed: boolean;
}

/** How far back repairs are looked for: no brake counts more than an hour, no operation takes longer than the rest. */
const REMEMBERED_MS = 24 * 3_600_000;

/** The repairs of the last day, from the journals of the operations: what was written before it was done is never forgotten. */
export async function readAttempts(journals: JournalStore, now: number): Promise<RepairAttempt[]> {
  const ids = await journals.list(now - REMEMBERED_MS);
  const attempts: RepairAttempt[] = [];
  for (const id of ids) attempts.push(...attemptsIn(await journals.read(id)));
  return attempts;
}

/** Pure. One resumed later has tried its failed members again: the newest try counts for all. */
export function attemptsIn(journal: readonly JournalEvent[]): RepairAttempt[] {
  const { plan, members } = replay(journal);
  if (plan.action !== 'repair') return [];
  const first = new Map<string, number>();
  for (const event of journal) if (event.type === 'entered' && !first.has(event.member)) first.set(event.member, event.at);
  return [...first].flatMap(([service, at]) => {
    const member = members.get(service);
    if (member === undefined || member.state === 'skipped') return [];
    return [{ service, operation: plan.id, at, endedAt: member.settledAt, failed: member.state === 'failed' }];
  });
}
