import type {
  ArchiveCompression,
  PlannedRotation,
  RotatedLog,
  RotateMethod,
  RotationPlan,
  RotationResult,
  RotationSpec,
} from '../model/rotation.js';
import { enumCodec, finite, fromDouble, fromInt64, known, toInt64, toUint32 } from './fields.js';
import {
  ArchiveCompression as Compression,
  RotatedLog_Outcome as Outcome,
  RotateMethod as Method,
  type PlannedRotation as WirePlanned,
  type RotatedLog as WireRotated,
  type RotationPlan as WirePlan,
  type RotationResult as WireResult,
  type RotationSpec as WireSpec,
} from './gen/ctl/v1/rotation.js';

export const rotationSpecToWire = (spec: RotationSpec): WireSpec => ({
  logs: [...spec.logs],
  archiveDir: spec.archiveDir,
  compress: compressions.toWire(spec.compress),
  keepDays: toUint32(spec.keepDays, 'days that archives are kept'),
  method: wanted.toWire(spec.method),
  squid: spec.squid,
});

/** Throws `unsupported` for a method or a compression of a later version. */
export const rotationSpecFromWire = ({ squid, ...spec }: WireSpec): RotationSpec => ({
  ...spec,
  compress: known(compressions.fromWire(spec.compress), 'compression of archives', spec.compress),
  method: known(wanted.fromWire(spec.method), 'method of rotation', spec.method),
  ...(squid === undefined ? {} : { squid }),
});

export const rotationPlanToWire = ({ logs, shortage }: RotationPlan): WirePlan => ({
  logs: logs.map(plannedToWire),
  shortage: shortage ?? undefined,
});
export const rotationPlanFromWire = ({ logs, shortage }: WirePlan): RotationPlan => ({
  logs: logs.map(plannedFromWire),
  shortage: shortage ?? null,
});

const plannedToWire = (planned: PlannedRotation): WirePlanned => ({
  log: planned.log,
  method: methodToWire(planned.method),
  sizeBytes: planned.sizeBytes === null ? undefined : toInt64(planned.sizeBytes, 'size of a log'),
  archive: planned.archive ?? undefined,
  loss: planned.loss ?? undefined,
  why: planned.why ?? undefined,
});
const plannedFromWire = (wire: WirePlanned): PlannedRotation => ({
  log: wire.log,
  method: methodFromWire(wire.method),
  sizeBytes: wire.sizeBytes === undefined ? null : fromInt64(wire.sizeBytes, 'size of a log'),
  archive: wire.archive ?? null,
  loss: wire.loss ?? null,
  why: wire.why ?? null,
});

export const rotationResultToWire = ({ logs, recovered, removed }: RotationResult): WireResult => ({
  logs: logs.map(rotatedToWire),
  recovered: [...recovered],
  removed: [...removed],
});
export const rotationResultFromWire = ({ logs, recovered, removed }: WireResult): RotationResult => ({
  logs: logs.map(rotatedFromWire),
  recovered,
  removed,
});

const rotatedToWire = (rotated: RotatedLog): WireRotated => ({
  log: rotated.log,
  outcome: outcomes.toWire(rotated.outcome),
  method: methodToWire(rotated.method),
  archive: rotated.archive ?? undefined,
  bytes: toInt64(rotated.bytes, 'size of an archive'),
  ms: finite(rotated.ms, 'duration of a rotation'),
  windowMs: rotated.windowMs === null ? undefined : finite(rotated.windowMs, 'window of a rotation'),
  pausedMs: rotated.pausedMs === null ? undefined : finite(rotated.pausedMs, 'pause of a rotation'),
  why: rotated.why ?? undefined,
});
const rotatedFromWire = (wire: WireRotated): RotatedLog => ({
  log: wire.log,
  outcome: known(outcomes.fromWire(wire.outcome), 'outcome of a rotation', wire.outcome),
  method: methodFromWire(wire.method),
  archive: wire.archive ?? null,
  bytes: fromInt64(wire.bytes, 'size of an archive'),
  ms: fromDouble(wire.ms, 'duration of a rotation'),
  windowMs: wire.windowMs === undefined ? null : fromDouble(wire.windowMs, 'window of a rotation'),
  pausedMs: wire.pausedMs === undefined ? null : fromDouble(wire.pausedMs, 'pause of a rotation'),
  why: wire.why ?? null,
});

const methodToWire = (method: RotateMethod | null): Method => (method === null ? Method.ROTATE_METHOD_UNSPECIFIED : wanted.toWire(method));
function methodFromWire(method: Method): RotateMethod | null {
  if (method === Method.ROTATE_METHOD_UNSPECIFIED) return null;
  const found = known(wanted.fromWire(method), 'method of rotation', method);
  return found === 'auto' ? null : found;
}

const wanted = enumCodec<RotationSpec['method'], Method>({
  auto: Method.ROTATE_METHOD_AUTO,
  collapse: Method.ROTATE_METHOD_COLLAPSE,
  signal: Method.ROTATE_METHOD_SIGNAL,
  pause: Method.ROTATE_METHOD_PAUSE,
  copy: Method.ROTATE_METHOD_COPY,
  rename: Method.ROTATE_METHOD_RENAME,
  squid: Method.ROTATE_METHOD_SQUID,
});
const compressions = enumCodec<ArchiveCompression, Compression>({
  none: Compression.ARCHIVE_COMPRESSION_NONE,
  gzip: Compression.ARCHIVE_COMPRESSION_GZIP,
  zstd: Compression.ARCHIVE_COMPRESSION_ZSTD,
});
const outcomes = enumCodec<RotatedLog['outcome'], Outcome>({
  rotated: Outcome.OUTCOME_ROTATED,
  left: Outcome.OUTCOME_LEFT,
  failed: Outcome.OUTCOME_FAILED,
});
