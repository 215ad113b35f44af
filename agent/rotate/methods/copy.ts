import { ftruncateSync } from 'node:fs';
import { AppError } from '../../../shared/errors.js';
import type { Cut, CutDeps, LogInHand } from './method.js';

/**
 * Copies a log until it has caught up with the writer, and truncates it at once: what is written between the last read and the cut is
 * lost. The last resort.
 */
export async function copy(log: LogInHand, deps: CutDeps): Promise<Cut> {
  await copyMost(log, [], deps);
  await catchUp(log, deps);
  await log.check();
  const windowMs = truncateWhenRead(log);
  await sealTail(log);
  return { windowMs, pausedMs: null, note: null };
}

/** Everything but what comes meanwhile: copied, on the disk, read back, and written down, so that what follows is quick. */
export async function copyMost(log: LogInHand, paused: readonly string[], deps: CutDeps): Promise<void> {
  await catchUp(log, deps);
  await log.draft.sync();
  await log.draft.verify(deps.signal);
  await log.enter({ at: 'truncating', bytes: log.draft.bytes(), sha256: log.draft.sha256(), paused });
}

/** Until there is little left, or the writer is as quick as we are. */
export async function catchUp({ file, draft }: LogInHand, { signal }: CutDeps): Promise<void> {
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const { size } = await file.stat();
    const behind = size - draft.bytes();
    if (behind < 0) throw new AppError('conflict', 'the log got shorter while it was copied: somebody else rotates it');
    if (behind === 0) return;
    await draft.copyTo(file, size, signal);
    if (behind < LITTLE_BYTES) return;
  }
}

const MAX_ROUNDS = 200;
const LITTLE_BYTES = 64 * 1024;

/** Holds the thread: from the read that found the end to the cut nothing may come between. Answers how long that was. */
function truncateWhenRead({ path, file, draft, step }: LogInHand): number {
  const begun = performance.now();
  for (;;) {
    const asked = performance.now();
    const bytes = draft.copyPiece(file);
    if (bytes > 0 && performance.now() - begun > MAX_CHASE_MS)
      throw new AppError('failed', `${path} grows quicker than it can be copied: it was left as it was`, {
        hint: 'set rotate_method = pause',
      });
    if (bytes > 0) continue;
    ftruncateSync(file.fd, 0);
    const windowMs = performance.now() - asked;
    step('truncated');
    return windowMs;
  }
}

const MAX_CHASE_MS = 2_000;

/** The log has been cut: no signal keeps us from bringing the rest to the disk. */
async function sealTail({ draft }: LogInHand): Promise<void> {
  await draft.sync();
  await draft.verify(new AbortController().signal);
}
