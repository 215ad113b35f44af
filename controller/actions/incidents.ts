import type { Service } from '../config/cluster.js';
import type { History } from '../history/history.js';
import type { IncidentReport, IncidentsRequest } from '../../shared/model/incident-report.js';

export interface IncidentsDeps {
  /** The services that selectors name. Throws `usage` for an unknown name. */
  readonly select: (selectors: readonly string[]) => readonly Service[];
  readonly history: Pick<History, 'incidents'>;
}

/** What happened to the chosen services; without a choice to all, and to the cluster and its hosts. */
export async function listIncidents({ select, history }: IncidentsDeps, request: IncidentsRequest): Promise<IncidentReport> {
  const { selectors, open, since } = request;
  const services = selectors.length === 0 ? null : select(selectors).map(({ spec }) => spec.name);
  return { incidents: await history.incidents.list({ services, open, since }) };
}
