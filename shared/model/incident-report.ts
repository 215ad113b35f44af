import type { Incident } from './incident.js';

export interface IncidentsRequest {
  /** As after `-s`; empty: of all services, and what concerns none. */
  readonly selectors: readonly string[];
  /** Only what lasts. */
  readonly open: boolean;
  /** Epoch ms: what ended before is left out; null: everything that is kept. */
  readonly since: number | null;
}

/** What happened to the cluster, oldest first. */
export interface IncidentReport {
  readonly incidents: readonly Incident[];
}
