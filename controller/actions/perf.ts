import type { ClusterConfig, Service } from '../config/cluster.js';
import { figuresOf } from '../perf/figures.js';
import { readPages } from '../perf/perf-files.js';
import { AppError } from '../../shared/errors.js';
import type { PerfReport, PerfRequest } from '../../shared/model/perf.js';
import type { Clock } from '../../shared/ports/clock.js';

export interface PerfDeps {
  readonly config: () => ClusterConfig;
  /** The services that selectors name. Throws `usage` for an unknown name. */
  readonly select: (selectors: readonly string[]) => readonly Service[];
  readonly clock: Clock;
}

const WEEK_MS = 7 * 86_400_000;

/** How long pages took in the last seven days, against the seven before, from the files in `perfdir`. Errors: `config` without one. */
export async function perf({ config, select, clock }: PerfDeps, { selectors }: PerfRequest, signal: AbortSignal): Promise<PerfReport> {
  const { perfDir } = config();
  if (perfDir === null) {
    throw new AppError('config', `${config().path} has no perfdir: access times are not kept`, {
      hint: 'set perfdir in [DEFAULT] to a folder',
    });
  }
  const names = selectors.length === 0 ? null : new Set(select(selectors).map(({ spec }) => spec.name));
  const to = clock.now();
  const from = to - WEEK_MS;
  const pages = new Map<string, Times>();
  const warnings: string[] = [];
  for await (const entry of readPages(perfDir, from - WEEK_MS, to, signal)) {
    if (entry.type === 'complaint') warnings.push(entry.message);
    else if (names?.has(entry.page.service) !== false) {
      const { service, host, url, at, seconds } = entry.page;
      const key = JSON.stringify([service, host, url]);
      const times = pages.get(key) ?? { service, host, url, now: [], before: [] };
      (at >= from ? times.now : times.before).push(seconds);
      pages.set(key, times);
    }
  }
  const rows = [...pages.values()].map(({ now, before, ...page }) => ({ ...page, now: figuresOf(now), before: figuresOf(before) }));
  rows.sort((a, b) => a.service.localeCompare(b.service, 'en', { numeric: true }) || a.url.localeCompare(b.url));
  return { from, to, rows, warnings };
}

interface Times {
  readonly service: string;
  readonly host: string;
  readonly url: string;
  readonly now: number[];
  readonly before: number[];
}
