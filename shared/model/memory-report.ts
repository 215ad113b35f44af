import type { ServiceReport } from './check-report.js';
import type { ChildMemory, MemoryQuery } from './memory.js';
import type { Measured } from './observation.js';

export interface MemoryRequest extends MemoryQuery {
  /** Empty: all clients. */
  readonly selectors: readonly string[];
}

/** What the processes of services take: of each report, only what is of its process was looked at. */
export interface MemoryReport {
  /** Epoch ms. */
  readonly at: number;
  readonly exit: number;
  readonly services: readonly MemoryRow[];
  readonly warnings: readonly string[];
}

export interface MemoryRow {
  readonly report: ServiceReport;
  /** null, both: not asked for, or there is no process. */
  readonly pss: Measured<{ readonly kb: number }> | null;
  readonly tree: Measured<{ readonly children: readonly ChildMemory[] }> | null;
}
