import { type CriticalEvent, FINDING_KINDS } from './check-report.js';

/** Besides what a check finds: a process that died, a repair that was given up, a roll that was skipped, a certificate that runs out. */
export const INCIDENT_KINDS = [...FINDING_KINDS, 'process', 'repair', 'roll', 'certificate'] as const;

export type IncidentKind = (typeof INCIDENT_KINDS)[number];

/** Trouble of one kind at one service, from the round in which it was first seen to the one in which it was gone. Times are epoch ms. */
export interface Incident {
  readonly id: string;
  /** Of a service; null: of the cluster, or of a host as a whole. */
  readonly service: string | null;
  readonly host: string | null;
  /** null: worth telling, but not critical. */
  readonly event: CriticalEvent | null;
  readonly kind: IncidentKind;
  readonly message: string;
  readonly expected: string | null;
  readonly got: string | null;
  /** The last log entry of the service, or the critical one. */
  readonly logEntry: string | null;
  readonly first: number;
  readonly last: number;
  /** How often it was seen. */
  readonly count: number;
  /** null: it lasts. */
  readonly ended: number | null;
  /** What ctl did about it last; null: nothing. */
  readonly action: string | null;
}

/** `opened` and `ended` once each, in this order; `changed` between them: seen again, acted upon. */
export interface IncidentChange {
  readonly type: 'opened' | 'changed' | 'ended';
  readonly incident: Incident;
  /** Why it counts (`2 bad rounds`, `a critical log entry needs no second one`), for the log and the mail. */
  readonly reason: string;
}
