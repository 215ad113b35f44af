import type { ClusterConfig, Service } from '../config/cluster.js';
import { AppError, toAppError } from '../../shared/errors.js';
import { inParallel } from '../../shared/in-parallel.js';
import type { PurgedPage, PurgeResult } from '../../shared/model/cache.js';
import type { RunRequest } from '../../shared/model/control-api.js';
import { askAgain } from './ask-again.js';
import { cachedPages } from './cached-pages.js';
import type { Rotated } from './roll-ports.js';
import { type RollWorld, serviceOf } from './observe.js';
import type { PurgeStep, RollPlan } from './plan.js';

const ASK_MS = 20_000;
/** Beyond its stop and its start: what is moved and made in between. */
const MARGIN_MS = 180_000;

/** How caches are purged in the real cluster. */
export function createPurges(world: RollWorld): (purge: PurgeStep, id: string, signal: AbortSignal) => Promise<Rotated> {
  return async ({ service, pages }, commandId, signal) => {
    const { host, stopDeadlineMs, startDeadlineMs } = serviceOf(world, service);
    const options = { commandId, signal, timeoutMs: stopDeadlineMs + startDeadlineMs + MARGIN_MS };
    const order = { pages, stopDeadlineMs, startDeadlineMs };
    return describeResult(await askAgain(world.clock, () => world.fleet.agent(host).purge(service, order, options), signal));
  };
}

/** The caches that are named, or all that there are. Errors: `usage`, `config`. */
function cachesOf(config: ClusterConfig, named: readonly Service[] | null): Service[] {
  const caches = (named ?? [...config.services.values()]).filter((service) => service.spec.cache !== undefined);
  const [other] = (named ?? []).filter((service) => service.spec.cache === undefined);
  if (other !== undefined) throw new AppError('usage', `${other.spec.name} is a ${other.spec.type}, not a cache`);
  if (caches.length > 0) return caches;
  throw new AppError('config', `${config.path} has no cache to purge`, {
    hint: 'give it a section of type Squid or Varnish, under [cluster] frontend',
  });
}

export interface PlannedPurges {
  readonly steps: readonly PurgeStep[];
  readonly warnings: readonly string[];
}

/**
 * What of a plan is a purge: of `urls`, or without any of whole caches. Each agent is asked what it would do. Errors: `usage`, `config`,
 * and what its agent says of a cache that cannot be purged.
 */
export async function planPurges(
  world: RollWorld,
  named: readonly Service[] | null,
  urls: readonly string[],
  signal: AbortSignal,
): Promise<PlannedPurges> {
  const config = world.config();
  const steps = await inParallel(cachesOf(config, named), 16, async (cache): Promise<PurgeStep> => {
    const { name } = cache.spec;
    if (urls.length > 0) {
      const pages = urls.flatMap((url) => cachedPages(config.connect, cache, url));
      return { service: name, pages, details: pages.map(({ host, path }) => `${path} on ${host}`), awayS: null };
    }
    try {
      const { details, awayS } = await world.fleet.agent(cache.host).purgePlan(name, { signal, timeoutMs: ASK_MS });
      return { service: name, pages: [], details, awayS };
    } catch (error) {
      signal.throwIfAborted();
      const { code, message, hint, cause } = toAppError(error, 'failed', name);
      throw new AppError(code, `${name} cannot be purged: ${message}`, { hint: `nothing was touched. ${hint ?? ''}`.trim(), cause });
    }
  });
  const warnings = steps.flatMap(({ service, awayS }) =>
    awayS === null ? [] : [`${service} is away for up to ${Math.ceil(awayS)} s: requests to it fail meanwhile`],
  );
  return { steps, warnings };
}

/** An operation that purges and does nothing else. */
export async function planPurge(
  world: RollWorld,
  id: string,
  request: RunRequest,
  named: readonly Service[] | null,
  signal: AbortSignal,
): Promise<RollPlan> {
  const { steps, warnings } = await planPurges(world, named, request.urls ?? [], signal);
  const policy = { minActive: 0, guarded: false, maxFail: 0, deadlineMs: request.deadlineS === null ? null : request.deadlineS * 1000 };
  const { action, by } = request;
  return { id, action, by, at: world.clock.now(), batches: [], takeOut: [], purge: steps, policy, warnings };
}

function describeResult({ pages, awayMs, notes }: PurgeResult): Rotated {
  const failed = pages.filter(({ outcome }) => outcome === 'failed' || outcome === 'refused');
  const away = awayMs === null ? [] : [`it was away for ${(awayMs / 1000).toFixed(1)} s: requests that failed then failed for that`];
  return {
    notes: [...notes, ...pages.map(describePage), ...away],
    error: failed.length === 0 ? null : failed.map(describePage).join('; '),
  };
}

function describePage({ page, outcome, status, why }: PurgedPage): string {
  const words = { removed: 'removed', absent: 'was not there', refused: 'refused', failed: 'not removed' };
  return `${page.path} on ${page.host}: ${status === null ? '' : `${status} `}${words[outcome]}${why === null ? '' : `: ${why}`}`;
}
