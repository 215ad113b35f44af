import type { CriticalEvent } from '../model/check-report.js';
import type { IncidentReport, IncidentsRequest } from '../model/incident-report.js';
import type { Incident, IncidentKind } from '../model/incident.js';
import { enumCodec, fromInt64, fromTime, fromWrittenTime, known, toInt64 } from './fields.js';
import {
  IncidentKind as Kind,
  type Incident as WireIncident,
  type IncidentReport as WireReport,
  type IncidentsRequest as WireRequest,
} from './gen/ctl/v1/incident.js';

export const incidentsRequestToWire = ({ selectors, open, since }: IncidentsRequest): WireRequest => ({
  selectors: [...selectors],
  open,
  sinceMs: since === null ? undefined : toInt64(since, '--since'),
});

export const incidentsRequestFromWire = ({ selectors, open, sinceMs }: WireRequest): IncidentsRequest => ({
  selectors,
  open,
  since: sinceMs === undefined ? null : fromWrittenTime(sinceMs, '--since'),
});

export const incidentReportToWire = ({ incidents }: IncidentReport): WireReport => ({ incidents: incidents.map(incidentToWire) });

export const incidentReportFromWire = ({ incidents }: WireReport): IncidentReport => ({ incidents: incidents.map(incidentFromWire) });

const incidentToWire = (incident: Incident): WireIncident => ({
  id: incident.id,
  service: incident.service ?? undefined,
  host: incident.host ?? undefined,
  event: incident.event ?? undefined,
  kind: kinds.toWire(incident.kind),
  message: incident.message,
  expected: incident.expected ?? undefined,
  got: incident.got ?? undefined,
  logEntry: incident.logEntry ?? undefined,
  firstMs: toInt64(incident.first, 'beginning of an incident'),
  lastMs: toInt64(incident.last, 'last sight of an incident'),
  count: toInt64(incident.count, 'count of an incident'),
  endedMs: incident.ended === null ? undefined : toInt64(incident.ended, 'end of an incident'),
  action: incident.action ?? undefined,
});

const incidentFromWire = (wire: WireIncident): Incident => ({
  id: wire.id,
  service: wire.service ?? null,
  host: wire.host ?? null,
  event: wire.event === undefined ? null : eventFromWire(wire.event),
  kind: known(kinds.fromWire(wire.kind), 'kind of an incident', wire.kind),
  message: wire.message,
  expected: wire.expected ?? null,
  got: wire.got ?? null,
  logEntry: wire.logEntry ?? null,
  first: fromTime(wire.firstMs, 'beginning of an incident'),
  last: fromTime(wire.lastMs, 'last sight of an incident'),
  count: fromInt64(wire.count, 'count of an incident'),
  ended: wire.endedMs === undefined ? null : fromTime(wire.endedMs, 'end of an incident'),
  action: wire.action ?? null,
});

const EVENTS: readonly CriticalEvent[] = [1, 2, 3, 4, 5];
const eventFromWire = (event: number): CriticalEvent =>
  known(
    EVENTS.find((one) => one === event),
    'critical event',
    event,
  );

const kinds = enumCodec<IncidentKind, Kind>({
  tcp: Kind.INCIDENT_KIND_TCP,
  http: Kind.INCIDENT_KIND_HTTP,
  memory: Kind.INCIDENT_KIND_MEMORY,
  log: Kind.INCIDENT_KIND_LOG,
  timeout: Kind.INCIDENT_KIND_TIMEOUT,
  unmeasured: Kind.INCIDENT_KIND_UNMEASURED,
  zeo: Kind.INCIDENT_KIND_ZEO,
  ping: Kind.INCIDENT_KIND_PING,
  process: Kind.INCIDENT_KIND_PROCESS,
  repair: Kind.INCIDENT_KIND_REPAIR,
  roll: Kind.INCIDENT_KIND_ROLL,
  certificate: Kind.INCIDENT_KIND_CERTIFICATE,
});
