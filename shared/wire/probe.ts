import type { Fault, HttpOutcome, ProbeOrder, ProbeOutcome, TcpOutcome, ZeoOutcome } from '../model/probe.js';
import { enumCodec, finite, fromDouble, fromInt64, toInt64, toUint32, toWaitMs, unreadable, UNKNOWN_FORM } from './fields.js';
import {
  ProbeFault,
  type ProbeAnswer,
  type ProbeAnswer_Failed as WireFailed,
  type ProbeAnswer_Http as WireHttp,
  type ProbeAnswer_Tcp as WireTcp,
  type ProbeAnswer_Zeo as WireZeo,
  type ProbeRequest,
} from './gen/ctl/v1/probe.js';

export function probeOrderToWire(order: ProbeOrder): ProbeRequest {
  const address = { ip: order.ip, port: toUint32(order.port, 'port'), timeoutMs: toWaitMs(order.timeoutMs, 'time limit') };
  switch (order.kind) {
    case 'tcp':
      return { ...address, kind: { $case: 'tcp', value: {} } };
    case 'http':
      return { ...address, kind: { $case: 'http', value: { path: order.path, authorization: order.authorization } } };
    case 'zeo':
      return { ...address, kind: { $case: 'zeo', value: { connectTimeoutMs: toWaitMs(order.connectTimeoutMs, 'time limit') } } };
  }
}

/** Throws `unsupported` for a kind of a later version. */
export function probeOrderFromWire({ ip, port, timeoutMs, kind }: ProbeRequest): ProbeOrder {
  if (kind === undefined) throw unreadable('kind of probe', 'nothing');
  const address = { ip, port, timeoutMs };
  switch (kind.$case) {
    case 'tcp':
      return { ...address, kind: 'tcp' };
    case 'http':
      return { ...address, kind: 'http', ...kind.value };
    case 'zeo':
      return { ...address, kind: 'zeo', ...kind.value };
  }
}

export function probeOutcomeToWire({ kind, outcome }: ProbeOutcome): ProbeAnswer {
  switch (kind) {
    case 'tcp':
      return { answer: { $case: 'tcp', value: tcpToWire(outcome) } };
    case 'http':
      return { answer: { $case: 'http', value: httpToWire(outcome) } };
    case 'zeo':
      return { answer: { $case: 'zeo', value: zeoToWire(outcome) } };
  }
}

export function probeOutcomeFromWire({ answer }: ProbeAnswer): ProbeOutcome {
  switch (answer?.$case) {
    case 'tcp':
      return { kind: 'tcp', outcome: tcpFromWire(answer.value) };
    case 'http':
      return { kind: 'http', outcome: httpFromWire(answer.value) };
    case 'zeo':
      return { kind: 'zeo', outcome: zeoFromWire(answer.value) };
    case undefined:
      throw unreadable('kind of probe', 'nothing');
  }
}

const tcpToWire = (tcp: TcpOutcome): WireTcp =>
  tcp.ok ? { result: { $case: 'connectedMs', value: finite(tcp.ms, 'time of the TCP check') } } : failed(tcp);

function tcpFromWire({ result }: WireTcp): TcpOutcome {
  if (result?.$case === 'connectedMs') return { ok: true, ms: fromDouble(result.value, 'time of the TCP check') };
  const { fault, why } = faultOf(result?.value);
  return { ok: false, fault: fault === 'no-connection' || fault === 'silent' ? fault : 'unmeasurable', why };
}

function httpToWire(http: HttpOutcome): WireHttp {
  if (!http.ok) return failed(http);
  const { status, ms, bytes } = http;
  const page = { status: toUint32(status, 'HTTP status'), ms: finite(ms, 'time of the HTTP check'), bytes: toInt64(bytes, 'bytes') };
  return { result: { $case: 'page', value: page } };
}

function httpFromWire({ result }: WireHttp): HttpOutcome {
  if (result?.$case === 'page') {
    const { status, ms, bytes } = result.value;
    return { ok: true, status, ms: fromDouble(ms, 'time of the HTTP check'), bytes: fromInt64(bytes, 'bytes') };
  }
  const status = result?.value.status;
  return { ok: false, ...faultOf(result?.value), ...(status === undefined ? {} : { status }) };
}

function zeoToWire(zeo: ZeoOutcome): WireZeo {
  if (!zeo.ok) return failed(zeo);
  const { connectMs, ms, greeting, storages, warnings } = zeo;
  const count = (value: number | null) => (value === null ? undefined : toInt64(value, 'count of a storage'));
  return {
    result: {
      $case: 'greeted',
      value: {
        ...{ connectMs: finite(connectMs, 'time of the connection'), ms: finite(ms, 'time of the answer'), greeting },
        storages: storages.map(({ name, connections, waiting }) => ({ name, connections: count(connections), waiting: count(waiting) })),
        warnings: [...warnings],
      },
    },
  };
}

function zeoFromWire({ result }: WireZeo): ZeoOutcome {
  if (result?.$case === 'greeted') {
    const { connectMs, ms, greeting, storages, warnings } = result.value;
    const count = (value: bigint | undefined) => (value === undefined ? null : fromInt64(value, 'count of a storage'));
    const read = storages.map(({ name, connections, waiting }) => ({ name, connections: count(connections), waiting: count(waiting) }));
    const times = { connectMs: fromDouble(connectMs, 'time of the connection'), ms: fromDouble(ms, 'time of the answer') };
    return { ok: true, ...times, greeting, storages: read, warnings };
  }
  const { fault, why } = faultOf(result?.value);
  const connectMs = result?.value.connectMs;
  if ((fault === 'error' || fault === 'late') && connectMs !== undefined)
    return { ok: false, fault, why, connectMs: fromDouble(connectMs, 'time of the connection') };
  return { ok: false, fault: fault === 'no-connection' || fault === 'silent' ? fault : 'unmeasurable', why, connectMs: null };
}

interface Failed {
  readonly fault: Fault;
  readonly why: string;
  readonly status?: number | undefined;
  readonly connectMs?: number | null;
}

const failed = ({ fault, why, status, connectMs }: Failed): { result: { $case: 'failed'; value: WireFailed } } => ({
  result: { $case: 'failed', value: { fault: faults.toWire(fault), why, status, connectMs: connectMs ?? undefined } },
});

/** A fault of a later version says nothing of the service that this one understands. */
const faultOf = (wire: WireFailed | undefined): { fault: Fault; why: string } => ({
  fault: (wire === undefined ? undefined : faults.fromWire(wire.fault)) ?? 'unmeasurable',
  why: wire?.why ?? UNKNOWN_FORM,
});

const faults = enumCodec<Fault, ProbeFault>({
  'no-connection': ProbeFault.PROBE_FAULT_NO_CONNECTION,
  silent: ProbeFault.PROBE_FAULT_SILENT,
  error: ProbeFault.PROBE_FAULT_ERROR,
  late: ProbeFault.PROBE_FAULT_LATE,
  unmeasurable: ProbeFault.PROBE_FAULT_UNMEASURABLE,
});
