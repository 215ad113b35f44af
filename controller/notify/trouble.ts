import type { Incident, IncidentKind } from '../../shared/model/incident.js';

/** Whom it is about. */
export const nameOf = ({ service, host }: Incident): string => service ?? (host === null ? 'the cluster' : `host ${host}`);

/** What it is, in a few words. */
export function troubleOf({ service, event, kind }: Incident): string {
  switch (event) {
    case 1:
      return 'no TCP connection';
    case 2:
      return kind === 'zeo' ? 'wrong answer' : 'HTTP error';
    case 3:
      return 'memory over the limit';
    case 4:
      return 'critical log entry';
    case 5:
      return 'too slow';
    case null:
      return service === null && kind === 'unmeasured' ? 'agent does not answer' : WITHOUT_EVENT[kind];
  }
}

const WITHOUT_EVENT: Readonly<Record<IncidentKind, string>> = {
  tcp: 'connection',
  http: 'HTTP',
  memory: 'memory',
  log: 'log',
  timeout: 'slow',
  zeo: 'ZEO server',
  ping: 'ping',
  unmeasured: 'cannot be measured',
  process: 'process died',
  repair: 'repair given up',
  roll: 'roll did not take place',
  certificate: 'certificate runs out',
};
