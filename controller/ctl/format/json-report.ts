import type {
  CheckReport,
  Finding,
  HttpResult,
  LogResult,
  MemoryResult,
  ServiceReport,
  TcpResult,
} from '../../../shared/model/check-report.js';
import type { Unmeasured } from '../../../shared/model/observation.js';
import { pidOf } from '../../../shared/model/process.js';
import { isoTime } from './units.js';

/** `ctl check|status --json`: one document, the SERVICE of the output specification. `now` is what ages are counted to. */
export function reportToJson(action: 'check' | 'status', report: CheckReport, now: number): object {
  return {
    schema: 1,
    action,
    exit: report.exit,
    at: isoTime(report.at),
    services: report.services.map((service) => serviceToJson(service, now)),
    warnings: report.warnings,
  };
}

function serviceToJson(service: ServiceReport, now: number): object {
  return {
    name: service.name,
    type: service.type,
    host: service.host,
    pool: service.pool,
    state: service.state,
    balancer: service.balancer,
    age_s: service.at === null ? null : rounded(Math.max(0, now - service.at) / 1000),
    tcp: tcpToJson(service.tcp),
    http: httpToJson(service.http),
    memory: memoryToJson(service.memory),
    log: logToJson(service.log),
    findings: service.findings.map(findingToJson),
  };
}

const tcpToJson = (tcp: TcpResult | null): object | null => (tcp?.ok === true ? { ok: true, ms: rounded(tcp.ms) } : unmeasured(tcp));

function httpToJson(http: HttpResult | null): object | null {
  if (http === null) return null;
  if (http.ok) return { ok: true, status: http.status, ms: rounded(http.ms), bytes: http.bytes };
  return { ok: false, why: http.why, ...(http.status === undefined ? {} : { status: http.status }) };
}

function memoryToJson(memory: MemoryResult | null): object | null {
  if (memory?.ok !== true) return unmeasured(memory);
  const limitKb = memory.limitKb === 0 ? null : memory.limitKb;
  return {
    ok: true,
    rss_kb: memory.rssKb,
    limit_kb: limitKb,
    share: limitKb === null ? null : rounded(memory.rssKb / limitKb),
    pid: pidOf(memory.process),
    uptime_s: rounded(memory.uptimeS),
    growth_kb_per_h: memory.growthKbPerH === null ? null : rounded(memory.growthKbPerH),
  };
}

const logToJson = (log: LogResult | null): object | null =>
  log?.ok === true ? { ok: true, since: log.since, findings: log.findings } : unmeasured(log);

const findingToJson = ({ event, kind, message, expected, got }: Finding): object => ({ event, kind, message, expected, got });

const unmeasured = (result: Unmeasured | null): object | null => (result === null ? null : { ok: false, why: result.why });

const rounded = (n: number): number => Math.round(n * 1000) / 1000;
