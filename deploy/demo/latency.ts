export interface Latency {
  readonly p50: number;
  readonly p95: number;
  readonly max: number;
}

/** Durations in constant space: percentiles are right to one percent, the maximum is exact. */
export interface LatencyRecorder {
  add(ms: number): void;
  /** null: nothing was recorded. */
  read(): Latency | null;
}

export function createLatencyRecorder(): LatencyRecorder {
  const counts = new Uint32Array(BUCKETS);
  let count = 0;
  let max = 0;
  const percentile = (share: number): number => {
    const rank = Math.ceil(count * share);
    let seen = 0;
    for (const [bucket, n] of counts.entries()) {
      seen += n;
      if (seen >= rank) return Math.min(SMALLEST_MS * GROWTH ** (bucket + 0.5), max);
    }
    return max;
  };
  return {
    add(ms) {
      const bucket = Math.floor(Math.log(Math.max(ms, SMALLEST_MS) / SMALLEST_MS) / Math.log(GROWTH));
      const slot = Math.min(bucket, BUCKETS - 1);
      counts[slot] = (counts[slot] ?? 0) + 1;
      count++;
      max = Math.max(max, ms);
    },
    read: () => (count === 0 ? null : { p50: percentile(0.5), p95: percentile(0.95), max }),
  };
}

const SMALLEST_MS = 0.01;
const GROWTH = 1.02;
/** Up to about ten minutes. */
const BUCKETS = 910;
