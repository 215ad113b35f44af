import type { CachedPage, PurgedPage, PurgeOrder, PurgePlan, PurgeResult } from '../model/cache.js';
import type { CacheSpec } from '../model/service.js';
import { enumCodec, finite, fromDouble, known, toUint32, toWaitMs, unreadable } from './fields.js';
import {
  PurgedPage_Outcome as Outcome,
  type CacheSpec as WireSpec,
  type PurgePlan as WirePlan,
  type PurgeRequest as WireRequest,
  type PurgeResult as WireResult,
} from './gen/ctl/v1/cache.js';

export function cacheSpecToWire(spec: CacheSpec): WireSpec {
  if (spec.kind === 'varnish') return { kind: { $case: 'varnish', value: { admin: spec.admin, secretFile: spec.secretFile } } };
  return { kind: { $case: 'squid', value: { folder: spec.folder, exe: spec.exe, conf: spec.conf } } };
}

/** Throws `unsupported` for a cache of a later version. */
export function cacheSpecFromWire({ kind }: WireSpec): CacheSpec {
  if (kind === undefined) throw unreadable('kind of cache', 'nothing');
  return kind.$case === 'varnish' ? { kind: 'varnish', ...kind.value } : { kind: 'squid', ...kind.value };
}

export const purgeToWire = (service: string, order: PurgeOrder): WireRequest => ({
  service,
  pages: order.pages.map((page) => ({ ...page })),
  stopDeadlineMs: toWaitMs(order.stopDeadlineMs, 'deadline of the stop'),
  startDeadlineMs: toWaitMs(order.startDeadlineMs, 'deadline of the start'),
});
export const orderFromWire = ({ pages, stopDeadlineMs, startDeadlineMs }: WireRequest): PurgeOrder => ({
  pages,
  stopDeadlineMs,
  startDeadlineMs,
});

export const purgePlanToWire = ({ details, awayS }: PurgePlan): WirePlan => ({
  details: [...details],
  awayS: awayS === null ? undefined : finite(awayS, 'time without the cache'),
});
export const purgePlanFromWire = ({ details, awayS }: WirePlan): PurgePlan => ({
  details,
  awayS: awayS === undefined ? null : fromDouble(awayS, 'time without the cache'),
});

export const purgeResultToWire = ({ pages, awayMs, notes }: PurgeResult): WireResult => ({
  pages: pages.map(({ page, outcome, status, why }) => ({
    page: { ...page },
    outcome: outcomes.toWire(outcome),
    status: status === null ? undefined : toUint32(status, 'answer of the cache'),
    why: why ?? undefined,
  })),
  awayMs: awayMs === null ? undefined : finite(awayMs, 'time without the cache'),
  notes: [...notes],
});
export const purgeResultFromWire = ({ pages, awayMs, notes }: WireResult): PurgeResult => ({
  pages: pages.map(({ page, outcome, status, why }): PurgedPage => ({
    page: known<CachedPage>(page, 'purged page', 'nothing'),
    outcome: known(outcomes.fromWire(outcome), 'outcome of a purge', outcome),
    status: status ?? null,
    why: why ?? null,
  })),
  awayMs: awayMs === undefined ? null : fromDouble(awayMs, 'time without the cache'),
  notes,
});

const outcomes = enumCodec<PurgedPage['outcome'], Outcome>({
  removed: Outcome.OUTCOME_REMOVED,
  absent: Outcome.OUTCOME_ABSENT,
  refused: Outcome.OUTCOME_REFUSED,
  failed: Outcome.OUTCOME_FAILED,
});
