import type { Standing, BalancerState } from '../../shared/model/balancer.js';
import type { Finding, HttpResult, MemoryResult, ServiceReport, ServiceState, TcpResult } from '../../shared/model/check-report.js';
import type { LogReport } from '../../shared/model/log-report.js';
import { unmeasured, type Measured } from '../../shared/model/observation.js';
import type { Memory, ProcessState } from '../../shared/model/process.js';
import type { Client, Service } from '../config/cluster.js';
import {
  type Busyness,
  busyFinding,
  httpFindings,
  logFindings,
  memoryFindings,
  pingFindings,
  tcpFindings,
  who,
  zeoFindings,
} from './findings.js';
import type { HttpOutcome, TcpOutcome, ZeoOutcome } from '../../shared/model/probe.js';

/** What was seen of one service in one round; null: does not apply to it. */
export interface Measurements {
  /** Epoch ms. */
  readonly at: number;
  readonly tcp: TcpOutcome | null;
  /** Not looked at if there was no TCP connection. */
  readonly http: HttpOutcome | null;
  /** Of a client that did not answer in time; null: nothing shows that it works. */
  readonly busy?: Busyness | null | undefined;
  /** In the place of tcp and http for a ZEO server. */
  readonly zeo: ZeoOutcome | null;
  readonly process: ProcessState;
  readonly memory: Measured<Memory> | null;
  readonly log: LogReport | null;
  /** How it stands in the balancers. `why`: why that is not known. */
  readonly standing: { readonly standing: Standing; readonly why: string | null };
  /** Why its host does not answer a ping; null: it does, or nobody asked. */
  readonly ping: string | null;
  /** Of a balancer: what it says of its backends. */
  readonly balancer: Measured<BalancerState> | null;
}

/** Turns what was measured into what an operator is told: the five critical events, and apart from them what is not known. Pure. */
export function judge(service: Service | Client, seen: Measurements): ServiceReport {
  const managerSays = seen.process.state === 'down' ? seen.process.why : null;
  const connected = seen.tcp?.ok === true;
  const findings: Finding[] = [];
  if (seen.tcp !== null) findings.push(...tcpFindings(service, seen.tcp, managerSays));
  if (seen.zeo !== null) findings.push(...zeoFindings(service, seen.zeo, managerSays));
  if (seen.http !== null && connected) findings.push(...answerFindings(service, seen.http, seen.busy ?? null));
  if (seen.memory?.ok === true) findings.push(...memoryFindings(service, seen.memory));
  if (seen.log?.ok === true) findings.push(...logFindings(service, seen.log));
  findings.push(...pingFindings(service, seen.ping), ...unmeasuredFindings(service, seen));
  return {
    name: service.spec.name,
    type: service.spec.type,
    host: service.host,
    pool: 'pool' in service ? service.pool : null,
    state: stateOf(findings, seen),
    balancer: seen.standing.standing,
    at: seen.at,
    tcp: tcpResult(seen),
    http: httpResult(seen, connected),
    memory: memoryResult(service, seen),
    log: seen.log?.ok === true ? { ok: true, since: seen.log.since, findings: seen.log.findings, last: seen.log.last?.text } : seen.log,
    findings,
  };
}

function answerFindings(service: Service, http: HttpOutcome, busy: Busyness | null): Finding[] {
  if (busy !== null && !http.ok && http.fault === 'late') return [busyFinding(service, http.why, busy)];
  return httpFindings(service, http);
}

function stateOf(findings: readonly Finding[], seen: Measurements): ServiceState {
  if (seen.process.state === 'down' && tcpResult(seen)?.ok !== true) return 'stopped';
  if (findings.some((finding) => finding.event !== null)) return 'critical';
  if (findings.some((finding) => finding.kind === 'timeout')) return 'busy';
  return findings.some((finding) => finding.kind === 'unmeasured') ? 'unknown' : 'ok';
}

/** One finding for each reason: an agent that is away leaves several things unmeasured. */
function unmeasuredFindings(service: Service, seen: Measurements): Finding[] {
  const reasons = new Map<string, string[]>();
  const note = (what: string, why: string) => reasons.set(why, [...(reasons.get(why) ?? []), what]);
  if (seen.tcp?.ok === false && seen.tcp.fault === 'unmeasurable') note('TCP', seen.tcp.why);
  if (seen.zeo?.ok === false && seen.zeo.fault === 'unmeasurable') note('ZEO', seen.zeo.why);
  if (seen.tcp?.ok === true && seen.http?.ok === false && seen.http.fault === 'unmeasurable') note('HTTP', seen.http.why);
  // No process has no memory: that is known, and told by the other findings. One that answers has some, whatever its pid file says.
  const isDown = seen.process.state === 'down' && tcpResult(seen)?.ok !== true;
  if (seen.memory?.ok === false && !isDown) note('memory', seen.memory.why);
  if (seen.log?.ok === false) note('log', seen.log.why);
  if (seen.standing.why !== null) note('standing in the balancer', seen.standing.why);
  if (seen.balancer?.ok === false) note('state of its backends', seen.balancer.why);
  return [...reasons].map(([why, what]) => ({
    event: null,
    kind: 'unmeasured',
    message: `${who(service)}: not measured: ${what.join(', ')} (${why})`,
    expected: null,
    got: why,
  }));
}

function tcpResult({ tcp, zeo }: Measurements): TcpResult | null {
  if (zeo !== null) return zeo.connectMs === null ? unmeasured(zeo.why) : { ok: true, ms: zeo.connectMs };
  return tcp === null || tcp.ok ? tcp : unmeasured(tcp.why);
}

function httpResult({ http }: Measurements, connected: boolean): HttpResult | null {
  if (http === null || http.ok) return http;
  if (!connected) return { ok: false, why: 'not asked: no TCP connection' };
  return { ok: false, why: http.why, ...(http.status === undefined ? {} : { status: http.status }) };
}

function memoryResult(service: Service, { memory, process }: Measurements): MemoryResult | null {
  if (memory === null) return null;
  if (memory.ok)
    return {
      ok: true,
      rssKb: memory.rssKb,
      limitKb: service.maxProcessSizeKb,
      process: memory.process,
      uptimeS: memory.uptimeS,
      growthKbPerH: null,
    };
  return process.state === 'down' ? unmeasured(`not running: ${process.why}`) : unmeasured(memory.why);
}
