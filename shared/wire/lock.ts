import type { LockHolder, LockReport } from '../model/lock.js';
import { toUint32 } from './fields.js';
import type { LockHolder as WireHolder, LockReport as WireReport } from './gen/ctl/v1/lock.js';

export const lockReportToWire = ({ path, holder, removed }: LockReport): WireReport => ({
  path,
  holder: holder === null ? undefined : holderToWire(holder),
  removed: removed === null ? undefined : holderToWire(removed),
});

export const lockReportFromWire = ({ path, holder, removed }: WireReport): LockReport => ({
  path,
  holder: holder === undefined ? null : holderFromWire(holder),
  removed: removed === undefined ? null : holderFromWire(removed),
});

const holderToWire = ({ pid, since, ...holder }: LockHolder): WireHolder => ({
  ...holder,
  pid: pid === null ? undefined : toUint32(pid, 'pid of the holder of the lock'),
  since: since ?? undefined,
});

const holderFromWire = ({ what, by, host, pid, since, alive, why }: WireHolder): LockHolder => ({
  ...{ what, by, host, alive, why },
  pid: pid ?? null,
  since: since ?? null,
});
