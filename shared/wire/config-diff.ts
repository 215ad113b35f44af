import type { ConfigDiff } from '../model/config-diff.js';
import { fromTime, toInt64, toUint32 } from './fields.js';
import type { ConfigDiff as WireConfigDiff } from './gen/ctl/v1/control.js';

export const configDiffToWire = (diff: ConfigDiff): WireConfigDiff => ({
  file: diff.file,
  loadedAtMs: toInt64(diff.loadedAt, 'time at which cluster.ini was loaded'),
  changes: diff.changes.map(({ section, key, before, after, line }) => ({
    section,
    key,
    before: before ?? undefined,
    after: after ?? undefined,
    line: line === null ? undefined : toUint32(line, 'line of cluster.ini'),
  })),
  refusals: [...diff.refusals],
});

export const configDiffFromWire = (wire: WireConfigDiff): ConfigDiff => ({
  file: wire.file,
  loadedAt: fromTime(wire.loadedAtMs, 'time at which cluster.ini was loaded'),
  changes: wire.changes.map(({ section, key, before, after, line }) => ({
    section,
    key,
    before: before ?? null,
    after: after ?? null,
    line: line ?? null,
  })),
  refusals: wire.refusals,
});
