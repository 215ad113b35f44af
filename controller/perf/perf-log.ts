import type { Checks } from '../checks/runner.js';
import type { WarmedUrl } from '../checks/warm-up.js';
import type { Client, ClusterConfig } from '../config/cluster.js';
import { messageOf } from '../../shared/errors.js';
import type { Log } from '../../shared/log.js';
import type { ServiceReport } from '../../shared/model/check-report.js';
import type { Clock } from '../../shared/ports/clock.js';
import { appendPages } from './perf-files.js';
import type { TimedPage } from './perf-line.js';

/** Keeps in `perfdir` how long pages took; without one it keeps nothing. Errors: `failed`. */
export interface PerfLog {
  /** Of a round of checks; `path` is the page that the clients were asked for. */
  checked(reports: readonly ServiceReport[], path: string): Promise<void>;
  /** Of a warm-up. */
  warmed(client: Client, urls: readonly WarmedUrl[]): Promise<void>;
}

export function createPerfLog({ config, clock }: { readonly config: () => ClusterConfig; readonly clock: Clock }): PerfLog {
  const keep = async (pages: readonly TimedPage[]): Promise<void> => {
    const dir = config().perfDir;
    if (dir !== null && pages.length > 0) await appendPages(dir, pages);
  };
  return {
    checked: (reports, path) => keep(reports.flatMap((report) => pageOf(report, path, config()) ?? [])),
    warmed: ({ spec, host }, urls) =>
      keep(
        urls.flatMap(({ url, result }) =>
          result.ok ? [{ at: clock.now(), host, service: spec.name, rssKb: null, url, seconds: result.ms / 1000 }] : [],
        ),
      ),
  };
}

/** null: no page of it was timed. */
function pageOf({ name, host, type, at, http, memory }: ServiceReport, path: string, config: ClusterConfig): TimedPage | null {
  if (at === null || http?.ok !== true) return null;
  const asked = type === 'ZeoClient' ? path : (config.services.get(name)?.url ?? '');
  const rssKb = memory?.ok === true ? memory.rssKb : null;
  return { at, host, service: name, rssKb, url: `/${asked.replace(/^\/+/, '')}`, seconds: http.ms / 1000 };
}

/** The same checks; how long each page of a warm-up took is kept. What cannot be kept keeps no client from going in. */
export function withWarmUpTimes<C extends Pick<Checks, 'warm'>>(checks: C, perf: Pick<PerfLog, 'warmed'>, log: Log): C {
  return {
    ...checks,
    async warm(client, signal) {
      const urls = await checks.warm(client, signal);
      await perf.warmed(client, urls).catch((error: unknown) => log.error({ error }, messageOf(error)));
      return urls;
    },
  };
}
