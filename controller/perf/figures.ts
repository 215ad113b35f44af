import type { PerfFigures } from '../../shared/model/perf.js';

/** Of the times of one page; null: there are none. A percentile is the smallest time that so many of them do not exceed. Pure. */
export function figuresOf(seconds: readonly number[]): PerfFigures | null {
  if (seconds.length === 0) return null;
  const sorted = Float64Array.from(seconds).sort();
  const percentile = (share: number) => sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? 0;
  return { count: sorted.length, p50: percentile(0.5), p95: percentile(0.95), max: percentile(1) };
}
