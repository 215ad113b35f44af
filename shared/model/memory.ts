import type { Measured, Unmeasured } from './observation.js';
import type { ProcessId } from './process.js';

/** What `mem` wants to know besides the resident memory of each process. */
export interface MemoryQuery {
  /** Every process below that of the service, too. */
  readonly tree: boolean;
  /** Each process's proportional share (PSS) of what it shares with others: dear to reckon for a large one. */
  readonly pss: boolean;
}

/** What the process of one service takes. `down`: there is none to measure, and that is known. */
export type ServiceMemory = { readonly service: string } & (
  | {
      readonly ok: true;
      readonly process: ProcessId;
      readonly rssKb: number;
      readonly uptimeS: number;
      /** null: not asked for. */
      readonly pss: Measured<{ readonly kb: number }> | null;
      readonly tree: Measured<{ readonly children: readonly ChildMemory[] }> | null;
    }
  | (Unmeasured & { readonly down: boolean })
);

/** One process below that of a service; parents come before their children. */
export interface ChildMemory {
  readonly process: ProcessId;
  /** Pid. */
  readonly parent: number;
  /** As the kernel names it; '' if that cannot be read. */
  readonly command: string;
  readonly rss: Measured<{ readonly kb: number }>;
  readonly pss: Measured<{ readonly kb: number }> | null;
}
