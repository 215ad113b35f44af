import type { ClusterConfig, MailConfig } from '../../../../controller/config/cluster.js';
import type { QueuedMail } from '../../../../controller/notify/queue.js';
import type { Incident, IncidentChange } from '../../../../shared/model/incident.js';
import { aClient, aCluster } from '../checks/fixtures.js';

/** 2024-09-25 14:47:17.000 UTC. */
export const NOW = Date.UTC(2024, 8, 25, 14, 47, 17);
export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;

export const aMailConfig = (over: Partial<MailConfig> = {}): MailConfig => ({
  ...{ host: '127.0.0.1', port: 25, tls: 'none', caFile: null, login: null },
  ...{ from: 'ctl@example.org', to: ['ops@example.org'], subject: 'Plone' },
  ...over,
});

export function mailingCluster(over: Partial<ClusterConfig> = {}): ClusterConfig {
  const client = aClient({ name: 'zeoclient1.1', ip: '10.0.0.1', port: 8081 }, { timeoutMs: 10_000, maxProcessSizeKb: 1_500_000 });
  return aCluster([client], { clients: [client], path: '/srv/cluster.ini', mail: aMailConfig(), ...over });
}

export const anIncident = (over: Partial<Incident> = {}): Incident => ({
  ...{ id: '20240925-144717-1', service: 'zeoclient1.1', host: 'web1', event: 1, kind: 'tcp' },
  message: 'zeoclient1.1 on web1: no TCP connection to 10.0.0.1:8081',
  ...{ expected: 'an accepted connection', got: 'connect ECONNREFUSED 10.0.0.1:8081', logEntry: null },
  ...{ first: NOW, last: NOW, count: 1, ended: null, action: null },
  ...over,
});

export const opened = (over: Partial<Incident> = {}): IncidentChange => ({
  ...{ type: 'opened', incident: anIncident(over), reason: '2 bad rounds' },
});
export const changed = (over: Partial<Incident> = {}): IncidentChange => ({
  ...{ type: 'changed', incident: anIncident(over), reason: 'seen again' },
});
export const ended = (over: Partial<Incident> = {}): IncidentChange => ({
  ...{ type: 'ended', incident: anIncident({ ended: NOW + MINUTE, ...over }), reason: '1 good round' },
});

export const aMail = (over: Partial<QueuedMail> = {}): QueuedMail => ({
  ...{ id: 'mail-1', messageId: '<ctl.mail-1@example.org>', inReplyTo: null, references: [] },
  ...{ from: 'ctl@example.org', to: ['ops@example.org', 'boss@example.org'], subject: 'Plone: a test', text: 'text\n' },
  ...{ at: NOW, attempts: 0, lastError: null },
  ...over,
});
