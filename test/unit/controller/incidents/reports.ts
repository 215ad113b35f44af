import type { Finding, ServiceReport } from '../../../../shared/model/check-report.js';
import { processId } from '../../../../shared/model/process.js';

export const MARKER = '2026-11-13 12:06:07';

/** A client that is well in every respect. */
export const well = (fields: Partial<ServiceReport> = {}): ServiceReport => ({
  name: 'client1',
  type: 'ZeoClient',
  host: 'web1',
  pool: 1,
  state: 'ok',
  balancer: 'in',
  at: 1000,
  tcp: { ok: true, ms: 0.3 },
  http: { ok: true, status: 200, ms: 84, bytes: 20_123 },
  memory: { ok: true, rssKb: 200_000, limitKb: 1_000_000, process: processId(42, 1), uptimeS: 100, growthKbPerH: null },
  log: { ok: true, since: MARKER, findings: 0, last: 'the last entry' },
  findings: [],
  ...fields,
});

const finding = (fields: Partial<Finding>): Finding => ({ event: null, kind: 'tcp', message: '', expected: null, got: null, ...fields });

const NO_CONNECTION = finding({ event: 1, kind: 'tcp', message: 'client1 on web1: no TCP connection', got: 'refused' });
export const HTTP_ERROR = finding({ event: 2, kind: 'http', message: 'client1 on web1: HTTP error', got: 'status 500' });
export const TOO_BIG = finding({ event: 3, kind: 'memory', message: 'client1 on web1: too big' });
const CRITICAL_ENTRY = finding({ event: 4, kind: 'log', message: 'client1 on web1: 1 critical entry', got: 'ERROR it broke' });
const LATE = finding({ event: 5, kind: 'timeout', message: 'client1 on web1: late' });
export const UNMEASURED = finding({ kind: 'unmeasured', message: 'client1 on web1: not measured: memory, log (the agent is away)' });
const BUSY = finding({ kind: 'timeout', message: 'client1 on web1: busy' });

const why = { ok: false as const, why: 'the agent is away' };

export const down = (fields: Partial<ServiceReport> = {}): ServiceReport =>
  well({
    state: 'critical',
    tcp: { ok: false, why: 'refused' },
    http: { ok: false, why: 'not asked' },
    findings: [NO_CONNECTION],
    ...fields,
  });
export const failing = (): ServiceReport =>
  well({ state: 'critical', http: { ok: false, why: '500', status: 500 }, findings: [HTTP_ERROR] });
export const late = (): ServiceReport => well({ state: 'critical', http: { ok: false, why: 'late' }, findings: [LATE] });
export const busy = (): ServiceReport => well({ state: 'busy', http: { ok: false, why: 'late' }, findings: [BUSY] });
export const big = (): ServiceReport => well({ state: 'critical', findings: [TOO_BIG] });
export const complaining = (fields: Partial<ServiceReport> = {}): ServiceReport =>
  well({ state: 'critical', log: { ok: true, since: MARKER, findings: 1 }, findings: [CRITICAL_ENTRY], ...fields });
/** The agent is away, and there is no route from here. */
export const unknown = (): ServiceReport =>
  well({ state: 'unknown', balancer: 'unknown', tcp: why, http: why, memory: why, log: why, findings: [UNMEASURED] });
