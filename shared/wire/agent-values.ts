import type { AgentInfo, Connection, Observation, StopResult } from '../model/agent-api.js';
import type { Backend, BalancerState } from '../model/balancer.js';
import type { LogEntry, LogReport } from '../model/log-report.js';
import { type Measured, unmeasured } from '../model/observation.js';
import type { Memory, ProcessState } from '../model/process.js';
import { enumCodec, finite, fromDouble, fromInt64, fromProcess, fromTime, known, toInt64, UNKNOWN_FORM } from './fields.js';
import {
  Place,
  StopResult_How as How,
  type AgentInfo as WireAgentInfo,
  type BalancerState as WireBalancerState,
  type LogEntry as WireLogEntry,
  type LogReport as WireLogReport,
  type MeasuredConnections,
  type MeasuredMemory,
  type Observation as WireObservation,
  type ProcessState as WireProcessState,
  type StopResult as WireStopResult,
} from './gen/ctl/v1/agent.js';

export const infoToWire = (info: AgentInfo): WireAgentInfo => ({
  name: info.name,
  version: info.version,
  atMs: toInt64(info.at, 'time of the agent'),
});
export const infoFromWire = (wire: WireAgentInfo): AgentInfo => ({
  name: wire.name,
  version: wire.version,
  at: fromTime(wire.atMs, 'time of the agent'),
});

export function processToWire(state: ProcessState): WireProcessState {
  switch (state.state) {
    case 'running':
      return {
        state: { $case: 'running', value: { process: state.process, startedAtMs: toInt64(state.startedAt, 'start of the process') } },
      };
    case 'starting':
      return { state: { $case: 'starting', value: { why: state.why } } };
    case 'down':
      return { state: { $case: 'down', value: { why: state.why, failed: state.failed } } };
    case 'unknown':
      return { state: { $case: 'unknown', value: { why: state.why } } };
  }
}

export function processFromWire({ state }: WireProcessState): ProcessState {
  switch (state?.$case) {
    case 'running':
      return {
        state: 'running',
        process: fromProcess(state.value.process),
        startedAt: fromTime(state.value.startedAtMs, 'start of the process'),
      };
    case 'starting':
      return { state: 'starting', why: state.value.why };
    case 'down':
      return { state: 'down', why: state.value.why, failed: state.value.failed };
    case 'unknown':
      return { state: 'unknown', why: state.value.why };
    case undefined:
      return { state: 'unknown', why: UNKNOWN_FORM };
  }
}

function memoryToWire(memory: Measured<Memory>): MeasuredMemory {
  if (!memory.ok) return { result: { $case: 'unmeasured', value: { why: memory.why } } };
  const { process, rssKb, uptimeS, cpuMs } = memory;
  const cpu = cpuMs === undefined ? undefined : toInt64(cpuMs, 'CPU time');
  return { result: { $case: 'memory', value: { process, rssKb: toInt64(rssKb, 'RSS'), uptimeS: finite(uptimeS, 'uptime'), cpuMs: cpu } } };
}

function memoryFromWire({ result }: MeasuredMemory): Measured<Memory> {
  if (result?.$case !== 'memory') return unmeasured(result?.value.why ?? UNKNOWN_FORM);
  const { process, rssKb, uptimeS, cpuMs } = result.value;
  const cpu = cpuMs === undefined ? {} : { cpuMs: fromInt64(cpuMs, 'CPU time') };
  return { ok: true, process: fromProcess(process), rssKb: fromInt64(rssKb, 'RSS'), uptimeS: fromDouble(uptimeS, 'uptime'), ...cpu };
}

export function observationToWire({ process, memory, log }: Observation): WireObservation {
  return { process: processToWire(process), memory: memoryToWire(memory), log: log === null ? undefined : logToWire(log) };
}

export function observationFromWire({ process, memory, log }: WireObservation): Observation {
  return {
    process: processFromWire(process ?? {}),
    memory: memoryFromWire(memory ?? {}),
    log: log === undefined ? null : logFromWire(log),
  };
}

type MeasuredConnectionList = Measured<{ readonly connections: readonly Connection[] }>;

export function connectionsToWire(seen: MeasuredConnectionList): MeasuredConnections {
  if (!seen.ok) return { result: { $case: 'unmeasured', value: { why: seen.why } } };
  const connections = seen.connections.map(({ peer, silentMs, pending }) => ({
    peer,
    silentMs: silentMs === null ? undefined : finite(silentMs, 'silence of a connection'),
    pending,
  }));
  return { result: { $case: 'connections', value: { connections } } };
}

export function connectionsFromWire({ result }: MeasuredConnections): MeasuredConnectionList {
  if (result?.$case !== 'connections') return unmeasured(result?.value.why ?? UNKNOWN_FORM);
  return {
    ok: true,
    connections: result.value.connections.map(({ peer, silentMs, pending }) => ({
      peer,
      silentMs: silentMs === undefined ? null : fromDouble(silentMs, 'silence of a connection'),
      pending,
    })),
  };
}

export function logToWire(report: LogReport): WireLogReport {
  if (!report.ok) return { result: { $case: 'unmeasured', value: { why: report.why } } };
  const { since, findings, entries, last } = report;
  return {
    result: {
      $case: 'findings',
      value: {
        since: since ?? undefined,
        findings: toInt64(findings, 'number of findings'),
        entries: entries.map(entryToWire),
        last: last === null ? undefined : entryToWire(last),
      },
    },
  };
}

export function logFromWire({ result }: WireLogReport): LogReport {
  if (result?.$case !== 'findings') return unmeasured(result?.value.why ?? UNKNOWN_FORM);
  const { since, findings, entries, last } = result.value;
  return {
    ok: true,
    since: since ?? null,
    findings: fromInt64(findings, 'number of findings'),
    entries: entries.map(entryFromWire),
    last: last === undefined ? null : entryFromWire(last),
  };
}

const entryToWire = (entry: LogEntry): WireLogEntry => ({
  time: entry.time ?? undefined,
  level: entry.level ?? undefined,
  text: entry.text,
});
const entryFromWire = (wire: WireLogEntry): LogEntry => ({ time: wire.time ?? null, level: wire.level ?? null, text: wire.text });

const hows = enumCodec<StopResult['how'], How>({ stopped: How.HOW_STOPPED, killed: How.HOW_KILLED, gone: How.HOW_GONE });
export const stopToWire = (result: StopResult): WireStopResult => ({
  how: hows.toWire(result.how),
  ms: finite(result.ms, 'duration of the stop'),
});
export const stopFromWire = (wire: WireStopResult): StopResult => ({
  how: known(hows.fromWire(wire.how), 'result of a stop', wire.how),
  ms: fromDouble(wire.ms, 'duration of the stop'),
});

export const places = enumCodec<'in' | 'out' | 'absent', Place>({
  in: Place.PLACE_IN,
  out: Place.PLACE_OUT,
  absent: Place.PLACE_ABSENT,
});
const filePlaces = enumCodec<Backend['inFile'], Place>({
  in: Place.PLACE_IN,
  out: Place.PLACE_OUT,
  absent: Place.PLACE_ABSENT,
  unkept: Place.PLACE_UNKEPT,
});
const runtimePlaces = enumCodec<Backend['inRuntime'], Place>({
  in: Place.PLACE_IN,
  out: Place.PLACE_OUT,
  absent: Place.PLACE_ABSENT,
  unknown: Place.PLACE_UNKNOWN,
});
const countToWire = (count: number | null, what: string): bigint | undefined => (count === null ? undefined : toInt64(count, what));
const countFromWire = (count: bigint | undefined, what: string): number | null => (count === undefined ? null : fromInt64(count, what));

export function balancerToWire(state: BalancerState): WireBalancerState {
  return {
    name: state.name,
    driver: state.driver,
    version: state.version,
    aliveIntervalS: finite(state.aliveIntervalS, 'interval of the probes'),
    restarts: state.restarts,
    backends: state.backends.map((backend) => ({
      ...backend,
      inFile: filePlaces.toWire(backend.inFile),
      inRuntime: runtimePlaces.toWire(backend.inRuntime),
      alive: backend.alive ?? undefined,
      sessions: countToWire(backend.sessions, 'number of sessions'),
      inFlight: countToWire(backend.inFlight, 'number of requests'),
    })),
  };
}

export function balancerFromWire(wire: WireBalancerState): BalancerState {
  return {
    ...wire,
    aliveIntervalS: fromDouble(wire.aliveIntervalS, 'interval of the probes'),
    backends: wire.backends.map((backend) => ({
      ...backend,
      inFile: known(filePlaces.fromWire(backend.inFile), 'state of a backend', backend.inFile),
      inRuntime: known(runtimePlaces.fromWire(backend.inRuntime), 'state of a backend', backend.inRuntime),
      alive: backend.alive ?? null,
      sessions: countFromWire(backend.sessions, 'number of sessions'),
      inFlight: countFromWire(backend.inFlight, 'number of requests'),
    })),
  };
}
