import type { FileHandle } from 'node:fs/promises';
import type { Clock } from '../../../shared/ports/clock.js';
import type { Exec } from '../../../shared/ports/exec.js';
import type { Draft } from '../draft.js';
import type { Stage } from '../journal.js';

/** What the methods that cut a log use of the world. */
export interface CutDeps {
  readonly exec: Exec;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/** A log that is open, with an archive that has begun. */
export interface LogInHand {
  readonly path: string;
  /** For reading and writing. */
  readonly file: FileHandle;
  readonly draft: Draft;
  /** On the disk when it resolves. */
  enter(stage: Stage): Promise<void>;
  /** A moment at which a crash would find the log, or its writer, in another state. */
  readonly step: (name: string) => void;
  /** Rejects with `conflict` if the path leads to another file by now, or to one without what was copied. */
  check(): Promise<void>;
}

/** The archive holds what was taken, and the log has the rest. */
export interface Cut {
  readonly windowMs: number | null;
  readonly pausedMs: number | null;
  readonly note: string | null;
}
