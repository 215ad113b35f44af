import type { AgentEvent } from '../../shared/model/agent-event.js';
import type { Finding, ServiceReport } from '../../shared/model/check-report.js';
import type { Incident } from '../../shared/model/incident.js';
import type { DarkHost, Place } from './observation.js';
import type { ZopeStart } from './state.js';

/** Something bad at a place, seen once. */
export interface Sighting extends Place, Pick<Incident, 'message' | 'expected' | 'got' | 'logEntry'> {
  readonly at: number;
  /** Why one of it is enough to count; null: it takes as many as the policy says. */
  readonly enough: string | null;
  /** It slows a client down: counts later than other trouble of its kind. */
  readonly busy: boolean;
  readonly start: ZopeStart | null;
}

/** Critical events of one kind are one trouble, however they were found: a process that died is event 1, like the port that refuses. */
export const keyOf = ({ service, host, event, kind }: Place): string =>
  JSON.stringify([service, service === null ? host : null, event ?? kind]);

/** What a report has to complain about, one sighting a place; what else the findings of that place say is in its message. */
export function sightingsOf(report: ServiceReport, start: ZopeStart, now: number): Sighting[] {
  const places = new Map<string, Sighting>();
  for (const finding of report.findings) {
    const sighting = sightingOf(finding, report, start, now);
    const key = keyOf(sighting);
    const before = places.get(key);
    places.set(key, before === undefined ? sighting : { ...before, message: `${before.message}; ${sighting.message}` });
  }
  return [...places.values()];
}

function sightingOf(finding: Finding, report: ServiceReport, start: ZopeStart, now: number): Sighting {
  const { event, kind, message, expected, got } = finding;
  const ofLog = kind === 'log' && event === 4;
  return {
    service: report.name,
    host: report.host,
    event,
    kind,
    message,
    expected,
    got,
    logEntry: ofLog ? got : report.log?.ok === true ? (report.log.last ?? null) : null,
    at: report.at ?? now,
    enough: ofLog ? 'a critical log entry needs no second one' : null,
    busy: event === null && kind === 'timeout',
    start: ofLog ? start : null,
  };
}

/** What only its agent can see is unknown there: whoever waits for a mail about it waits in vain. */
export const sightingOfHost = ({ host, silentMs }: DarkHost, now: number): Sighting => ({
  ...{ service: null, host, event: null, kind: 'unmeasured' },
  message: `the agent of ${host} does not answer: memory and logs there are unknown, what happens there is not told, and nothing there can be repaired`,
  expected: 'heartbeats of its agent',
  got: `none for ${Math.round(silentMs / 1000)} s`,
  ...{ logEntry: null, at: now, enough: null, busy: false, start: null },
});

export function sightingOfEvent(told: AgentEvent, host: string, start: ZopeStart | null): Sighting {
  const common = { service: told.service, host, at: told.at, busy: false };
  const more = told.omitted === undefined ? '' : ` (and ${told.omitted} before it that are not told)`;
  switch (told.kind) {
    case 'critical-entry': {
      const entry = { marker: null, process: null, entry: told.entry.time };
      return {
        ...common,
        event: 4,
        kind: 'log',
        message: `${told.service} on ${host}: a critical entry in ${told.file}${more}`,
        expected: 'none',
        got: told.entry.text,
        logEntry: told.entry.text,
        enough: 'a critical log entry needs no second one',
        start: start === null ? entry : { ...start, entry: told.entry.time },
      };
    }
    case 'died':
      return {
        ...common,
        event: 1,
        kind: 'process',
        message: `${told.service} on ${host}: ${told.why}${more}`,
        expected: 'a process that runs',
        got: told.why,
        logEntry: told.lastEntry ?? null,
        enough: 'the end of a process needs no second one',
        start: null,
      };
  }
}

/**
 * Whether the report can say that the trouble at a place of its service is over: it was looked at, and well. What could not be measured
 * says nothing. Of a log it says only that it is clean.
 */
export function isWell(report: ServiceReport, { event, kind }: Place): boolean {
  switch (event) {
    case 1:
      return report.tcp?.ok === true;
    case 2:
      return answers(report);
    case 3:
      return report.memory?.ok === true;
    case 4:
      return report.log?.ok === true && report.log.findings === 0;
    case 5:
      return isInTime(report);
    case null:
      if (kind === 'timeout') return isInTime(report);
      if (kind === 'zeo') return answers(report);
      // Told by every round: its absence is the good news. Trouble that no check has found is ended by those who found it.
      return kind === 'unmeasured' || kind === 'ping';
  }
}

function answers({ type, tcp, http, findings }: ServiceReport): boolean {
  if (http !== null) return http.ok;
  // A ZEO server counts as connected only if it could be asked; others are asked by their agents as well.
  return tcp?.ok === true && (type === 'ZeoServer' || !findings.some(({ kind }) => kind === 'unmeasured'));
}

/** An answer with a bad status is one in time. */
const isInTime = (report: ServiceReport): boolean =>
  report.http === null ? answers(report) : report.http.ok || report.http.status !== undefined;
