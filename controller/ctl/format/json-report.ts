import type {
  CheckReport,
  Finding,
  HttpResult,
  LogResult,
  MemoryResult,
  ServiceReport,
  TcpResult,
} from '../../../shared/model/check-report.js';
import type { ChildMemory } from '../../../shared/model/memory.js';
import type { MemoryReport, MemoryRow } from '../../../shared/model/memory-report.js';
import type { Measured, Unmeasured } from '../../../shared/model/observation.js';
import { pidOf } from '../../../shared/model/process.js';
import { limitReachedAt } from './memory.js';
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

/** `ctl mem --json`: the same SERVICE, with what was looked at of its process alone. */
export function memoryToJson({ at, exit, services, warnings }: MemoryReport): object {
  return { schema: 1, action: 'mem', exit, at: isoTime(at), services: services.map((row) => memoryRowToJson(row, at)), warnings };
}

function memoryRowToJson({ report, pss, tree }: MemoryRow, at: number): object {
  const { memory } = report;
  const service = serviceToJson(report, at);
  if (memory?.ok !== true) return service;
  const reached = limitReachedAt(memory, at);
  const more = {
    limit_reached_at: reached === null ? null : isoTime(reached),
    pss: kbToJson(pss),
    tree: tree?.ok === true ? { ok: true, processes: tree.children.map(childToJson) } : unmeasured(tree),
  };
  return { ...service, memory: { ...usedToJson(memory), ...more } };
}

const childToJson = ({ process, parent, command, rss, pss }: ChildMemory): object => ({
  ...{ pid: pidOf(process), parent, command },
  ...{ rss: kbToJson(rss), pss: kbToJson(pss) },
});

const kbToJson = (kb: Measured<{ readonly kb: number }> | null): object | null =>
  kb?.ok === true ? { ok: true, kb: kb.kb } : unmeasured(kb);

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
    memory: usedToJson(service.memory),
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

function usedToJson(memory: MemoryResult | null): object | null {
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
