import type { PerfFigures, PerfReport, PerfRequest } from '../model/perf.js';
import { finite, fromDouble, fromInt64, fromTime, toInt64 } from './fields.js';
import type { PerfFigures as WireFigures, PerfReport as WireReport, PerfRequest as WireRequest } from './gen/ctl/v1/perf.js';

export const perfRequestToWire = ({ selectors }: PerfRequest): WireRequest => ({ selectors: [...selectors] });
export const perfRequestFromWire = ({ selectors }: WireRequest): PerfRequest => ({ selectors });

export const perfReportToWire = ({ from, to, rows, warnings }: PerfReport): WireReport => ({
  fromMs: toInt64(from, 'beginning of the week'),
  toMs: toInt64(to, 'end of the week'),
  rows: rows.map(({ service, host, url, now, before }) => ({
    ...{ service, host, url },
    now: now === null ? undefined : figuresToWire(now),
    before: before === null ? undefined : figuresToWire(before),
  })),
  warnings: [...warnings],
});
export const perfReportFromWire = ({ fromMs, toMs, rows, warnings }: WireReport): PerfReport => ({
  from: fromTime(fromMs, 'beginning of the week'),
  to: fromTime(toMs, 'end of the week'),
  rows: rows.map(({ service, host, url, now, before }) => ({
    ...{ service, host, url },
    now: now === undefined ? null : figuresFromWire(now),
    before: before === undefined ? null : figuresFromWire(before),
  })),
  warnings,
});

const figuresToWire = ({ count, p50, p95, max }: PerfFigures): WireFigures => ({
  count: toInt64(count, 'number of pages'),
  p50S: finite(p50, 'median'),
  p95S: finite(p95, '95th percentile'),
  maxS: finite(max, 'maximum'),
});
const figuresFromWire = ({ count, p50S, p95S, maxS }: WireFigures): PerfFigures => ({
  count: fromInt64(count, 'number of pages'),
  p50: fromDouble(p50S, 'median'),
  p95: fromDouble(p95S, '95th percentile'),
  max: fromDouble(maxS, 'maximum'),
});
