import { memberOf, type MemberProgress, type Progress } from './progress.js';

/** How long a member has been starting: one deadline for its start command and its first good answer. Its turn in the batch is not part of it. */
export const startingFor = (progress: Progress, member: MemberProgress, now: number): number =>
  now - Math.max(member.startingSince, turnOf(progress, member));

/** Two starts inside one batch are `time_to_sleep` apart: a start is the most expensive moment of a client. */
export function pauseBeforeStart(
  progress: Progress,
  member: MemberProgress,
  now: number,
): { readonly do: 'wait'; readonly why: string } | null {
  const blocking = matesBefore(progress, member).find((m) => m.state === 'active' && m.startedAt === null);
  if (blocking && member.planned.timing.timeToSleepMs > 0) return { do: 'wait', why: `${blocking.planned.name} starts first` };
  const left = turnOf(progress, member) - now;
  return left > 0 ? { do: 'wait', why: `${Math.ceil(left / 1000)} s until the next start` } : null;
}

/** Epoch ms before which it does not start; 0: at any time. */
function turnOf(progress: Progress, member: MemberProgress): number {
  const latest = Math.max(0, ...matesBefore(progress, member).map((m) => m.startedAt ?? 0));
  return latest === 0 ? 0 : latest + member.planned.timing.timeToSleepMs;
}

function matesBefore(progress: Progress, member: MemberProgress): MemberProgress[] {
  const batch = progress.plan.batches.find((b) => b.members.includes(member.planned))?.members ?? [];
  return batch.slice(0, batch.indexOf(member.planned)).map((m) => memberOf(progress, m.name));
}
