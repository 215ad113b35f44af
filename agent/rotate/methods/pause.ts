import { ftruncateSync } from 'node:fs';
import { AppError, isErrno } from '../../../shared/errors.js';
import { readRange } from '../entry-start.js';
import type { Stopped } from '../watchdog.js';
import { catchUp, copyMost } from './copy.js';
import type { Cut, CutDeps, LogInHand } from './method.js';

/**
 * Copies a log, stops its writers for the last few bytes, truncates it, lets them go on: nothing is lost, and they stand still for
 * milliseconds. `stop` sees to it that they go on whatever happens to us.
 */
export async function pause(log: LogInHand, writers: readonly string[], stop: () => Promise<Stopped>, deps: CutDeps): Promise<Cut> {
  await copyMost(log, writers, deps);
  for (let attempt = 1; ; attempt++) {
    if (attempt > 1) await deps.clock.sleep(BETWEEN_MS, deps.signal);
    await catchUp(log, deps);
    // On the disk already: what is left to be written while they stand still is little.
    await log.draft.sync();
    await catchUp(log, deps);
    await log.check();
    const begun = performance.now();
    const stopped = await stop();
    try {
      log.step('stopped');
      while (log.draft.copyPiece(log.file) > 0);
      // Stopped in the middle of an entry that takes it several writes: a moment later it is whole.
      if (attempt < MAX_ATTEMPTS && !(await endsWithNewline(log))) continue;
      await log.draft.sync();
      log.step('truncate');
      stopped.requireStill();
      ftruncateSync(log.file.fd, 0);
      log.step('truncated');
    } catch (error) {
      if (isErrno(error, 'ENOSPC', 'EDQUOT'))
        throw new AppError('failed', 'the disk of archivedir is full: the log was left as it was', { cause: error });
      throw error;
    } finally {
      await stopped.goOn();
    }
    const pausedMs = performance.now() - begun;
    await log.draft.verify(new AbortController().signal);
    return { windowMs: null, pausedMs, note: null };
  }
}

const MAX_ATTEMPTS = 20;
const BETWEEN_MS = 5;

async function endsWithNewline({ file, draft }: LogInHand): Promise<boolean> {
  const size = draft.bytes();
  return size === 0 || (await readRange(file, size - 1, size))[0] === 0x0a;
}
