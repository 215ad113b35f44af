import type { BackendView, BalancerReport, BalancerView, Hold } from '../model/balancer-report.js';
import type { BackendsRequest } from '../model/control-api.js';
import { enumCodec, finite, fromInt64, fromSeconds, fromTime, known, toInt64, toUint32 } from './fields.js';
import {
  BackendsRequest_Wanted as Wanted,
  BackendState as State,
  type BackendsRequest as WireRequest,
  type BackendView as WireBackend,
  type BalancerReport as WireReport,
  type BalancerView as WireView,
  type Hold as WireHold,
} from './gen/ctl/v1/balancer.js';

export const backendsRequestToWire = (request: BackendsRequest): WireRequest => ({
  wanted: wanteds.toWire(request.wanted),
  selectors: [...request.selectors],
  by: request.by,
  force: request.force,
  forS: request.forS === null ? undefined : finite(request.forS, '--for'),
  reason: request.reason ?? undefined,
});

/** Throws `unsupported` for an order of a later version. */
export const backendsRequestFromWire = (wire: WireRequest): BackendsRequest => ({
  wanted: known(wanteds.fromWire(wire.wanted), 'order for a backend', wire.wanted),
  selectors: wire.selectors,
  by: wire.by,
  force: wire.force,
  forS: wire.forS === undefined ? null : fromSeconds(wire.forS, '--for'),
  reason: wire.reason ?? null,
});

export const balancerReportToWire = (report: BalancerReport): WireReport => ({
  atMs: toInt64(report.at, 'time of the report'),
  exit: toUint32(report.exit, 'exit code'),
  balancers: report.balancers.map(viewToWire),
  drift: [...report.drift],
  notes: [...report.notes],
});

export const balancerReportFromWire = (wire: WireReport): BalancerReport => ({
  at: fromTime(wire.atMs, 'time of the report'),
  exit: wire.exit,
  balancers: wire.balancers.map(viewFromWire),
  drift: wire.drift,
  notes: wire.notes,
});

const viewToWire = ({ name, host, driver, version, why, backends }: BalancerView): WireView => ({
  name,
  host,
  driver: driver ?? undefined,
  version: version ?? undefined,
  why: why ?? undefined,
  backends: backends.map(backendToWire),
});

const viewFromWire = ({ name, host, driver, version, why, backends }: WireView): BalancerView => ({
  name,
  host,
  driver: driver ?? null,
  version: version ?? null,
  why: why ?? null,
  backends: backends.map(backendFromWire),
});

const backendToWire = (backend: BackendView): WireBackend => ({
  service: backend.service ?? undefined,
  address: backend.address,
  place: backend.place,
  inFile: inFiles.toWire(backend.inFile),
  inRuntime: inRuntimes.toWire(backend.inRuntime),
  alive: backend.alive ?? undefined,
  sessions: backend.sessions === null ? undefined : toInt64(backend.sessions, 'number of sessions'),
  inFlight: backend.inFlight === null ? undefined : toInt64(backend.inFlight, 'number of requests'),
  hold: backend.hold === null ? undefined : holdToWire(backend.hold),
});

const backendFromWire = (wire: WireBackend): BackendView => ({
  service: wire.service ?? null,
  address: wire.address,
  place: wire.place,
  inFile: known(inFiles.fromWire(wire.inFile), 'state of a backend', wire.inFile),
  inRuntime: inRuntimes.fromWire(wire.inRuntime) ?? 'unknown',
  alive: wire.alive ?? null,
  sessions: wire.sessions === undefined ? null : fromInt64(wire.sessions, 'number of sessions'),
  inFlight: wire.inFlight === undefined ? null : fromInt64(wire.inFlight, 'number of requests'),
  hold: wire.hold === undefined ? null : holdFromWire(wire.hold),
});

const holdToWire = ({ service, by, reason, since, until }: Hold): WireHold => ({
  service,
  by,
  reason: reason ?? undefined,
  sinceMs: toInt64(since, 'time of an order'),
  untilMs: until === null ? undefined : toInt64(until, 'end of an order'),
});

const holdFromWire = ({ service, by, reason, sinceMs, untilMs }: WireHold): Hold => ({
  service,
  by,
  reason: reason ?? null,
  since: fromTime(sinceMs, 'time of an order'),
  until: untilMs === undefined ? null : fromTime(untilMs, 'end of an order'),
});

const wanteds = enumCodec<BackendsRequest['wanted'], Wanted>({ in: Wanted.WANTED_IN, out: Wanted.WANTED_OUT });
const inFiles = enumCodec<BackendView['inFile'], State>({
  in: State.BACKEND_STATE_IN,
  out: State.BACKEND_STATE_OUT,
  absent: State.BACKEND_STATE_ABSENT,
  unkept: State.BACKEND_STATE_UNKEPT,
});
const inRuntimes = enumCodec<BackendView['inRuntime'], State>({
  in: State.BACKEND_STATE_IN,
  out: State.BACKEND_STATE_OUT,
  absent: State.BACKEND_STATE_ABSENT,
  unknown: State.BACKEND_STATE_UNKNOWN,
});
