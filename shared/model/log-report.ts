import type { Unmeasured } from './observation.js';

/** A log read from the last start marker on. */
export type LogReport =
  | {
      readonly ok: true;
      /** Time stamp of the last start marker as the log has it; null: no marker in the file, all of it was read. */
      readonly since: string | null;
      /** Number of entries that match the critical pattern and not the ignore pattern. */
      readonly findings: number;
      /** The newest of them, at most ten, oldest first. */
      readonly entries: readonly LogEntry[];
      /** The last entry of the file; null if it is empty. */
      readonly last: LogEntry | null;
    }
  | Unmeasured;

/** An entry: its first line and what follows it without a time stamp (a traceback). Text is capped at 8 KiB. */
export interface LogEntry {
  readonly time: string | null;
  readonly level: string | null;
  readonly text: string;
}
