/** How a log is taken away from under its writer; each loses nothing but `copy`, which can lose what is written in its window. */
export const ROTATE_METHODS = ['collapse', 'signal', 'pause', 'copy', 'rename', 'squid'] as const;
export type RotateMethod = (typeof ROTATE_METHODS)[number];

export const ARCHIVE_COMPRESSIONS = ['none', 'gzip', 'zstd'] as const;
export type ArchiveCompression = (typeof ARCHIVE_COMPRESSIONS)[number];

/** What of a service is rotated, where to, and how. */
export interface RotationSpec {
  readonly logs: readonly string[];
  /** '': there is none, and nothing can be rotated. */
  readonly archiveDir: string;
  readonly compress: ArchiveCompression;
  /** 0: for ever. */
  readonly keepDays: number;
  readonly method: 'auto' | RotateMethod;
  /** Squid alone: its program and its configuration ('' for its own defaults). */
  readonly squid?: { readonly exe: string; readonly conf: string } | undefined;
}

/** What a rotation of one log would do now. */
export interface PlannedRotation {
  readonly log: string;
  /** null: it would be left alone; `why` says for what reason. */
  readonly method: RotateMethod | null;
  /** null: it cannot be looked at. */
  readonly sizeBytes: number | null;
  readonly archive: string | null;
  /** What could be lost; null: nothing. */
  readonly loss: string | null;
  /** Why this method and no better one, or why it would be left alone; null: nothing to tell. */
  readonly why: string | null;
}

export interface RotationPlan {
  readonly logs: readonly PlannedRotation[];
  /** Why there is no room for the archives; null: there is. */
  readonly shortage: string | null;
}

/** `left`: there was nothing to take, the log is as it was. `failed`: something went wrong, and the log is as it was unless `why` says otherwise. */
export interface RotatedLog {
  readonly log: string;
  readonly outcome: 'rotated' | 'left' | 'failed';
  readonly method: RotateMethod | null;
  readonly archive: string | null;
  /** Bytes taken from the log. */
  readonly bytes: number;
  readonly ms: number;
  /** `copy`: for how long lines could be lost. null: at no time. */
  readonly windowMs: number | null;
  /** `pause`: for how long the service stood still. */
  readonly pausedMs: number | null;
  /** Why it was left or failed, and what else there is to tell. */
  readonly why: string | null;
}

export interface RotationResult {
  readonly logs: readonly RotatedLog[];
  /** Rotations that had been broken off, and what became of them. */
  readonly recovered: readonly string[];
  /** Archives that were older than they are kept. */
  readonly removed: readonly string[];
}
