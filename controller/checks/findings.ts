import type { Finding } from '../../shared/model/check-report.js';
import type { LogReport } from '../../shared/model/log-report.js';
import type { Memory } from '../../shared/model/process.js';
import { addressOf } from '../../shared/model/service.js';
import type { Service } from '../config/cluster.js';
import type { HttpOutcome, TcpOutcome, ZeoOutcome } from '../../shared/model/probe.js';

/** Event 1. `managerSays`: why its service manager calls it down, if it does. */
export function tcpFindings(service: Service, tcp: TcpOutcome, managerSays: string | null): Finding[] {
  if (tcp.ok || tcp.fault === 'unmeasurable') return [];
  return [noConnection(service, tcp.why, managerSays)];
}

/** What shows that a client works though it does not answer in time. */
export interface Busyness {
  /** CPU time that it used while it was waited for, ms. */
  readonly cpuMs: number;
  /** Requests that wait for their answer. */
  readonly requests: number;
}

/** A warning: whoever works is not dead. It counts as event 5 when it lasts. */
export const busyFinding = (service: Service, why: string, { cpuMs, requests }: Busyness): Finding => ({
  event: null,
  kind: 'timeout',
  message: `${who(service)}: busy: ${why}, while it used ${seconds(cpuMs)} of CPU time on ${requests} open ${requests === 1 ? 'request' : 'requests'}`,
  expected: `the whole answer within ${seconds(service.timeoutMs)}`,
  got: 'no whole answer, from a client that works',
});

/** Events 2 and 5; event 1 if the connection that TCP had just got is refused now. */
export function httpFindings(service: Service, http: HttpOutcome): Finding[] {
  if (http.ok) return [];
  switch (http.fault) {
    case 'unmeasurable':
      return [];
    case 'no-connection':
    case 'silent':
      return [noConnection(service, http.why, null)];
    case 'error':
      return [
        { event: 2, kind: 'http', message: `${who(service)}: HTTP error: ${http.why}`, expected: 'a status below 400', got: gotOf(http) },
      ];
    case 'late':
      return [
        {
          event: 5,
          kind: 'timeout',
          message: `${who(service)}: ${http.why}`,
          expected: `the whole answer within ${seconds(service.timeoutMs)}`,
          got: 'no whole answer',
        },
      ];
  }
}

/** What a ZEO server says of itself: warnings without an event; no or a wrong answer counts as with HTTP. */
export function zeoFindings(service: Service, zeo: ZeoOutcome, managerSays: string | null): Finding[] {
  if (zeo.ok)
    return zeo.warnings.map((warning) => ({
      event: null,
      kind: 'zeo',
      message: `${who(service)}: ${warning}`,
      expected: null,
      got: warning,
    }));
  switch (zeo.fault) {
    case 'unmeasurable':
      return [];
    case 'no-connection':
    case 'silent':
      return [noConnection(service, zeo.why, managerSays)];
    case 'error':
      return [{ event: 2, kind: 'zeo', message: `${who(service)}: ${zeo.why}`, expected: 'the answers of a ZEO server', got: zeo.why }];
    case 'late':
      return [
        {
          event: 5,
          kind: 'timeout',
          message: `${who(service)}: ${zeo.why}`,
          expected: `an answer within ${seconds(service.timeoutMs)}`,
          got: 'no answer',
        },
      ];
  }
}

/** Event 3. */
export function memoryFindings(service: Service, memory: Memory): Finding[] {
  const limitKb = service.maxProcessSizeKb;
  if (limitKb === 0 || memory.rssKb <= limitKb) return [];
  const share = Math.round((memory.rssKb / limitKb) * 100);
  return [
    {
      event: 3,
      kind: 'memory',
      message: `${who(service)}: process ${memory.process} has ${memory.rssKb} kB of memory, ${share} % of its limit`,
      expected: `at most ${limitKb} kB`,
      got: `${memory.rssKb} kB`,
    },
  ];
}

/** Event 4. */
export function logFindings(service: Service, log: Extract<LogReport, { ok: true }>): Finding[] {
  if (log.findings === 0) return [];
  const since = log.since === null ? 'in its log (no start marker: all of it was read)' : `in its log since its start at ${log.since}`;
  const newest = log.entries.at(-1);
  return [
    {
      event: 4,
      kind: 'log',
      message: `${who(service)}: ${log.findings} critical ${log.findings === 1 ? 'entry' : 'entries'} ${since}`,
      expected: 'none',
      got: newest === undefined ? null : newest.text,
    },
  ];
}

/** A note beside the others: what a firewall keeps from a ping says nothing of a service. */
export const pingFindings = (service: Service, why: string | null): Finding[] =>
  why === null
    ? []
    : [{ event: null, kind: 'ping', message: `${who(service)}: its host does not answer a ping`, expected: 'an answer', got: why }];

function noConnection(service: Service, why: string, managerSays: string | null): Finding {
  return {
    event: 1,
    kind: 'tcp',
    message: `${who(service)}: no TCP connection to ${addressOf(service.spec)}${managerSays === null ? '' : `; its service manager says: ${managerSays}`}`,
    expected: 'an accepted connection',
    got: why,
  };
}

export const who = (service: Service): string => `${service.spec.name} on ${service.host}`;
const seconds = (ms: number) => `${ms / 1000} s`;
const gotOf = (http: Extract<HttpOutcome, { ok: false }>) => (http.status === undefined ? http.why : `status ${http.status}`);
