import type { Standing } from '../model/balancer.js';
import type {
  CheckReport,
  CriticalEvent,
  Finding,
  HttpResult,
  LogResult,
  MemoryResult,
  ServiceReport,
  ServiceState,
  TcpResult,
} from '../model/check-report.js';
import { unmeasured } from '../model/observation.js';
import { SERVICE_TYPES } from '../model/service.js';
import {
  enumCodec,
  finite,
  fromDouble,
  fromInt64,
  fromProcess,
  fromTime,
  known,
  oneOf,
  toInt64,
  toUint32,
  UNKNOWN_FORM,
} from './fields.js';
import {
  Finding_Kind as Kind,
  ServiceState as WireState,
  Standing as WireStanding,
  type CheckReport as WireCheckReport,
  type Finding as WireFinding,
  type HttpResult as WireHttp,
  type LogResult as WireLog,
  type MemoryResult as WireMemory,
  type ServiceReport as WireServiceReport,
  type TcpResult as WireTcp,
} from './gen/ctl/v1/control.js';

export const checkReportToWire = (report: CheckReport): WireCheckReport => ({
  atMs: toInt64(report.at, 'time of the check'),
  exit: toUint32(report.exit, 'exit code'),
  services: report.services.map(serviceReportToWire),
  warnings: [...report.warnings],
});

export const checkReportFromWire = (wire: WireCheckReport): CheckReport => ({
  at: fromTime(wire.atMs, 'time of the check'),
  exit: wire.exit,
  services: wire.services.map(serviceReportFromWire),
  warnings: wire.warnings,
});

export function serviceReportToWire(report: ServiceReport): WireServiceReport {
  return {
    name: report.name,
    type: report.type,
    host: report.host,
    pool: report.pool === null ? undefined : toUint32(report.pool, 'pool'),
    state: states.toWire(report.state),
    balancer: standings.toWire(report.balancer),
    atMs: report.at === null ? undefined : toInt64(report.at, 'time of the measurement'),
    tcp: report.tcp === null ? undefined : tcpToWire(report.tcp),
    http: report.http === null ? undefined : httpToWire(report.http),
    memory: report.memory === null ? undefined : memoryToWire(report.memory),
    log: report.log === null ? undefined : logToWire(report.log),
    findings: report.findings.map(findingToWire),
  };
}

export function serviceReportFromWire(wire: WireServiceReport): ServiceReport {
  return {
    name: wire.name,
    type: oneOf(SERVICE_TYPES, wire.type, 'service type'),
    host: wire.host,
    pool: wire.pool ?? null,
    state: states.fromWire(wire.state) ?? 'unknown',
    balancer: standings.fromWire(wire.balancer) ?? 'unknown',
    at: wire.atMs === undefined ? null : fromTime(wire.atMs, 'time of the measurement'),
    tcp: wire.tcp === undefined ? null : tcpFromWire(wire.tcp),
    http: wire.http === undefined ? null : httpFromWire(wire.http),
    memory: wire.memory === undefined ? null : memoryFromWire(wire.memory),
    log: wire.log === undefined ? null : logFromWire(wire.log),
    findings: wire.findings.map(findingFromWire),
  };
}

function tcpToWire(tcp: TcpResult): WireTcp {
  return tcp.ok
    ? { result: { $case: 'connected', value: { ms: finite(tcp.ms, 'time of the TCP check') } } }
    : { result: { $case: 'unmeasured', value: { why: tcp.why } } };
}

function tcpFromWire({ result }: WireTcp): TcpResult {
  if (result?.$case !== 'connected') return unmeasured(result?.value.why ?? UNKNOWN_FORM);
  return { ok: true, ms: fromDouble(result.value.ms, 'time of the TCP check') };
}

function httpToWire(http: HttpResult): WireHttp {
  if (!http.ok) return { result: { $case: 'failed', value: { why: http.why, status: http.status } } };
  const { status, ms, bytes } = http;
  return {
    result: {
      $case: 'answered',
      value: { status: toUint32(status, 'HTTP status'), ms: finite(ms, 'time of the HTTP check'), bytes: toInt64(bytes, 'bytes') },
    },
  };
}

function httpFromWire({ result }: WireHttp): HttpResult {
  switch (result?.$case) {
    case 'answered':
      return {
        ok: true,
        status: result.value.status,
        ms: fromDouble(result.value.ms, 'time of the HTTP check'),
        bytes: fromInt64(result.value.bytes, 'bytes'),
      };
    case 'failed':
      return { ok: false, why: result.value.why, ...(result.value.status === undefined ? {} : { status: result.value.status }) };
    case undefined:
      return { ok: false, why: UNKNOWN_FORM };
  }
}

function memoryToWire(memory: MemoryResult): WireMemory {
  if (!memory.ok) return { result: { $case: 'unmeasured', value: { why: memory.why } } };
  const { rssKb, limitKb, process, uptimeS, growthKbPerH } = memory;
  return {
    result: {
      $case: 'used',
      value: {
        rssKb: toInt64(rssKb, 'RSS'),
        limitKb: toInt64(limitKb, 'limit'),
        process,
        uptimeS: finite(uptimeS, 'uptime'),
        growthKbPerH: growthKbPerH === null ? undefined : finite(growthKbPerH, 'growth of the memory'),
      },
    },
  };
}

function memoryFromWire({ result }: WireMemory): MemoryResult {
  if (result?.$case !== 'used') return unmeasured(result?.value.why ?? UNKNOWN_FORM);
  const { rssKb, limitKb, process, uptimeS, growthKbPerH } = result.value;
  return {
    ok: true,
    rssKb: fromInt64(rssKb, 'RSS'),
    limitKb: fromInt64(limitKb, 'limit'),
    process: fromProcess(process),
    uptimeS: fromDouble(uptimeS, 'uptime'),
    growthKbPerH: growthKbPerH === undefined ? null : fromDouble(growthKbPerH, 'growth of the memory'),
  };
}

function logToWire(log: LogResult): WireLog {
  if (!log.ok) return { result: { $case: 'unmeasured', value: { why: log.why } } };
  return { result: { $case: 'searched', value: { since: log.since ?? undefined, findings: toInt64(log.findings, 'number of findings') } } };
}

function logFromWire({ result }: WireLog): LogResult {
  if (result?.$case !== 'searched') return unmeasured(result?.value.why ?? UNKNOWN_FORM);
  return { ok: true, since: result.value.since ?? null, findings: fromInt64(result.value.findings, 'number of findings') };
}

function findingToWire({ event, kind, message, expected, got }: Finding): WireFinding {
  return { event: event ?? undefined, kind: findingKinds.toWire(kind), message, expected: expected ?? undefined, got: got ?? undefined };
}

function findingFromWire(wire: WireFinding): Finding {
  return {
    event: wire.event === undefined ? null : eventFromWire(wire.event),
    // The message says what it is about; a kind of a later version is none that this one could have measured.
    kind: findingKinds.fromWire(wire.kind) ?? 'unmeasured',
    message: wire.message,
    expected: wire.expected ?? null,
    got: wire.got ?? null,
  };
}

const EVENTS: readonly CriticalEvent[] = [1, 2, 3, 4, 5];
const eventFromWire = (event: number): CriticalEvent =>
  known(
    EVENTS.find((e) => e === event),
    'critical event',
    event,
  );

const states = enumCodec<ServiceState, WireState>({
  ok: WireState.SERVICE_STATE_OK,
  critical: WireState.SERVICE_STATE_CRITICAL,
  unknown: WireState.SERVICE_STATE_UNKNOWN,
  busy: WireState.SERVICE_STATE_BUSY,
  stopped: WireState.SERVICE_STATE_STOPPED,
});
const standings = enumCodec<Standing, WireStanding>({
  in: WireStanding.STANDING_IN,
  out: WireStanding.STANDING_OUT,
  dead: WireStanding.STANDING_DEAD,
  none: WireStanding.STANDING_NONE,
  unknown: WireStanding.STANDING_UNKNOWN,
});
const findingKinds = enumCodec<Finding['kind'], Kind>({
  tcp: Kind.KIND_TCP,
  http: Kind.KIND_HTTP,
  memory: Kind.KIND_MEMORY,
  log: Kind.KIND_LOG,
  timeout: Kind.KIND_TIMEOUT,
  unmeasured: Kind.KIND_UNMEASURED,
  zeo: Kind.KIND_ZEO,
  ping: Kind.KIND_PING,
});
