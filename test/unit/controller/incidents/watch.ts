import { decideIncidents } from '../../../../controller/incidents/decide.js';
import type { IncidentPolicy, Observation } from '../../../../controller/incidents/observation.js';
import { formatState, NOTHING_YET, parseState, type IncidentState } from '../../../../controller/incidents/state.js';
import type { AgentEvent } from '../../../../shared/model/agent-event.js';
import type { ServiceReport } from '../../../../shared/model/check-report.js';
import type { IncidentChange } from '../../../../shared/model/incident.js';

export const MONITORED: IncidentPolicy = { failures: 2, recoveries: 1, busyRounds: 2 };
export const BY_HAND: IncidentPolicy = { failures: 1, recoveries: 1, busyRounds: 2 };
export const SERVICES = new Set(['client1', 'client2', 'zeo']);
export const MONDAY = Date.UTC(2026, 10, 16, 12, 0, 0);

/** One cluster after the other, a minute between two observations. */
export function watch(policy = MONITORED) {
  let state: IncidentState = NOTHING_YET;
  let now = MONDAY;
  const observe = (observation: Observation): readonly IncidentChange[] => {
    const decision = decideIncidents(state, observation, policy, now);
    // What is kept on the disk is all that the next decision may go by.
    state = parseState(formatState(decision.state));
    now += 60_000;
    return decision.changes;
  };
  return {
    observe,
    round: (...reports: ServiceReport[]) =>
      tell(observe({ type: 'round', reports: reports.map((r) => ({ ...r, at: now })), silent: new Set(), services: SERVICES, dark: null })),
    silently: (silent: string[], ...reports: ServiceReport[]) =>
      tell(observe({ type: 'round', reports, silent: new Set(silent), services: SERVICES, dark: null })),
    dark: (...hosts: string[]) =>
      tell(
        observe({
          type: 'round',
          reports: [],
          silent: new Set(),
          services: SERVICES,
          dark: hosts.map((host) => ({ host, silentMs: 20_000 })),
        }),
      ),
    agent: (...events: AgentEvent[]) => tell(observe({ type: 'agent', host: 'web1', events, silent: new Set(), services: SERVICES })),
    lasting: () => [...state.tracks.values()].flatMap(({ incident }) => incident ?? []),
  };
}

export const tell = (changes: readonly IncidentChange[]): string[] =>
  changes.map(({ type, incident, reason }) => `${type} ${incident.service ?? '-'} ${incident.event ?? incident.kind}: ${reason}`);
