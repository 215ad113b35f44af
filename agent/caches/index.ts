import { AppError } from '../../shared/errors.js';
import type { PurgeOrder, PurgePlan, PurgeResult } from '../../shared/model/cache.js';
import type { ServiceSpec } from '../../shared/model/service.js';
import { requireLocal } from '../addresses.js';
import type { CacheDriver } from './cache.js';
import { createPurgeJournal } from './purge-journal.js';
import { createSquids, type SquidDeps } from './squid.js';
import { varnish } from './varnish.js';

/** The proxy caches of this host, each by the driver of its kind. */
export interface Caches {
  plan(spec: ServiceSpec, signal: AbortSignal): Promise<PurgePlan>;
  /** The whole cache, or each page; the same `id` is the same purge. */
  purge(spec: ServiceSpec, order: PurgeOrder, id: string, signal: AbortSignal): Promise<PurgeResult>;
  recover(): Promise<string[]>;
  /** As that of the Squids. */
  stop(patienceMs: number): Promise<void>;
}

export type CachesDeps = Omit<SquidDeps, 'journal'> & { readonly stateDir: string };

export function createCaches(deps: CachesDeps): Caches {
  const squids = createSquids({ ...deps, journal: createPurgeJournal(deps.stateDir) });

  return {
    plan: (spec, signal) => driverOf(spec).plan(spec, signal),
    async purge(spec, { pages, stopDeadlineMs, startDeadlineMs }, id, signal) {
      const driver = driverOf(spec);
      if (pages.length === 0) return { pages: [], ...(await driver.all({ id, spec, stopDeadlineMs, startDeadlineMs }, signal)) };
      requireLocal(spec);
      const purged = [];
      for (const page of pages) purged.push(await driver.page(spec, page, signal));
      return { pages: purged, awayMs: null, notes: [] };
    },
    recover: () => squids.recover(),
    stop: (patienceMs) => squids.stop(patienceMs),
  };

  function driverOf({ name, type, cache }: ServiceSpec): CacheDriver {
    if (cache === undefined) throw new AppError('unsupported', `${name} is a ${type}, not a cache`);
    return cache.kind === 'squid' ? squids : varnish;
  }
}
