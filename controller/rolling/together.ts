import type { PlannedBatch } from './plan.js';
import { goesIn, memberOf, type MemberProgress, type Progress } from './progress.js';

/** Those in hand of the member's batch that have yet to become ready to go in; none where each goes in by itself. */
export const matesNotReady = (progress: Progress, member: MemberProgress): string[] =>
  matesOf(progress, member)
    .filter((mate) => mate.state === 'active' && goesIn(mate) && mate.step !== 'in' && mate.step !== 'back')
    .map((mate) => mate.planned.name);

/** From when on its "in" counts: what was spent on waiting for the others does not. */
export const togetherSince = (progress: Progress, member: MemberProgress): number =>
  Math.max(
    member.since,
    ...matesOf(progress, member)
      .filter((mate) => mate.step === 'in')
      .map((mate) => mate.since),
  );

function matesOf(progress: Progress, { planned }: MemberProgress): MemberProgress[] {
  const batch: PlannedBatch | undefined = progress.plan.batches.find((b) => b.members.includes(planned));
  if (batch?.together !== true) return [];
  return batch.members.filter((m) => m !== planned).map((m) => memberOf(progress, m.name));
}
