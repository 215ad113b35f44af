import type { CachedPage, PurgedPage, PurgePlan } from '../../shared/model/cache.js';
import type { ServiceSpec } from '../../shared/model/service.js';

/** A whole purge that was ordered; `id` is that of the command: the same purge is never done twice. */
export interface WholePurge {
  readonly id: string;
  readonly spec: ServiceSpec;
  readonly stopDeadlineMs: number;
  readonly startDeadlineMs: number;
}

export interface WholePurged {
  /** null: it went on answering. */
  readonly awayMs: number | null;
  readonly notes: readonly string[];
}

/**
 * One kind of proxy cache. What a driver leaves is a cache that answers as before and has nothing of what was purged.
 *
 * Errors: `unreachable` (nobody listens where it is managed), `denied` (it does not obey this agent), `precondition` (it cannot be purged as it
 * is, nothing was touched), `failed`, `timeout`, `cancelled`.
 */
export interface CacheDriver {
  /** What `all` would do; changes nothing. */
  plan(spec: ServiceSpec, signal: AbortSignal): Promise<PurgePlan>;
  /** Once it has begun it goes to its end, whoever goes away meanwhile; killed in its midst, it is ended by `recover`. */
  all(purge: WholePurge, signal: AbortSignal): Promise<WholePurged>;
  /** Each answer of the cache is a result. */
  page(spec: ServiceSpec, page: CachedPage, signal: AbortSignal): Promise<PurgedPage>;
}
