import type { ServiceState } from '../../shared/model/check-report.js';
import type { ProcessId } from '../../shared/model/process.js';
import type { Database } from './database.js';
import { growthOf, type MemorySums, START_PEAK_MS, TREND_MS } from './growth.js';

/** What one service was like at one moment. null: not measured, or it does not apply. */
export interface Sample {
  readonly service: string;
  /** Epoch ms. */
  readonly at: number;
  /** null: only a page was timed. */
  readonly state: ServiceState | null;
  /** A memory trend is one of a process: it begins anew with the next. */
  readonly process: ProcessId | null;
  readonly rssKb: number | null;
  readonly tcpMs: number | null;
  /** The path that was asked for, as it stands in the ini or after -u; '/' is the home page. */
  readonly url: string | null;
  readonly httpStatus: number | null;
  readonly httpMs: number | null;
}

export interface SampleStore {
  /** Resolves when they are on the disk. A second sample of a service, moment and page replaces the first. */
  add(samples: readonly Sample[]): Promise<void>;
  /** Of one service, since a moment (epoch ms), oldest first. */
  series(service: string, since: number): Promise<readonly Sample[]>;
  /**
   * kB per hour of one process that runs since `startedAt` (epoch ms); null: it was not seen often or long enough. Reckoned in the database:
   * it is asked for every client of a large cluster at once.
   */
  growthKbPerH(
    of: { readonly service: string; readonly process: ProcessId; readonly startedAt: number },
    now: number,
  ): Promise<number | null>;
}

export const SAMPLE_TABLES = `
  CREATE TABLE sample (
    service TEXT NOT NULL, at REAL NOT NULL, url TEXT NOT NULL, state TEXT, process TEXT, rss_kb REAL, tcp_ms REAL, http_status INTEGER,
    http_ms REAL, PRIMARY KEY (service, at, url)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX sample_at ON sample (at)`;

export function createSampleStore(db: () => Promise<Database | null>): SampleStore {
  return {
    async add(samples) {
      const open = await db();
      open?.transaction(() => {
        for (const sample of samples) open.run(INSERT, toRow(sample));
      });
    },
    async series(service, since) {
      return ((await db())?.all<Row>('SELECT * FROM sample WHERE service = ? AND at >= ? ORDER BY at', [service, since]) ?? []).map(
        fromRow,
      );
    },
    async growthKbPerH({ service, process, startedAt }, now) {
      const since = Math.max(now - TREND_MS, startedAt + START_PEAK_MS);
      const [sums] = (await db())?.all<MemorySums>(SUMS, [since, service, since, now, process]) ?? [];
      return sums === undefined || sums.n === 0 ? null : growthOf(sums);
    },
  };
}

const SUMS = `SELECT count(*) AS n, max(x) - min(x) AS spanH, sum(x) AS x, sum(y) AS y, sum(x * x) AS xx, sum(x * y) AS xy FROM
  (SELECT (at - ?) / 3600000.0 AS x, rss_kb AS y FROM sample WHERE service = ? AND at BETWEEN ? AND ? AND process = ? AND rss_kb IS NOT NULL)`;

const INSERT = `INSERT OR REPLACE INTO sample (service, at, url, state, process, rss_kb, tcp_ms, http_status, http_ms)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`;

interface Row {
  readonly service: string;
  readonly at: number;
  readonly url: string;
  readonly state: ServiceState | null;
  readonly process: ProcessId | null;
  readonly rss_kb: number | null;
  readonly tcp_ms: number | null;
  readonly http_status: number | null;
  readonly http_ms: number | null;
}

const toRow = (sample: Sample) => [
  sample.service,
  sample.at,
  // Part of the key, which takes no null.
  sample.url ?? '',
  sample.state,
  sample.process,
  sample.rssKb,
  sample.tcpMs,
  sample.httpStatus,
  sample.httpMs,
];

const fromRow = (row: Row): Sample => ({
  service: row.service,
  at: row.at,
  url: row.url === '' ? null : row.url,
  state: row.state,
  process: row.process,
  rssKb: row.rss_kb,
  tcpMs: row.tcp_ms,
  httpStatus: row.http_status,
  httpMs: row.http_ms,
});
