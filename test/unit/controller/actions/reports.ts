import type { ServiceReport } from '../../../../shared/model/check-report.js';
import { processId } from '../../../../shared/model/process.js';

/** The report of a client that is well. */
export const aReport = (over: Partial<ServiceReport> = {}): ServiceReport => ({
  name: 'client1',
  type: 'ZeoClient',
  host: 'web1',
  pool: 1,
  state: 'ok',
  balancer: 'in',
  at: 1000,
  tcp: { ok: true, ms: 1.5 },
  http: { ok: true, status: 200, ms: 80, bytes: 20_000 },
  memory: { ok: true, rssKb: 300_000, limitKb: 0, process: processId(42, 7), growthKbPerH: null, uptimeS: 60 },
  log: { ok: true, since: null, findings: 0 },
  findings: [],
  ...over,
});
