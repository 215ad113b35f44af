/** Sums over the memory of one process: x the hours since some moment, y its RSS in kB. */
export interface MemorySums {
  readonly n: number;
  /** Hours between the first and the last sample. */
  readonly spanH: number;
  readonly x: number;
  readonly y: number;
  readonly xx: number;
  readonly xy: number;
}

/** A process fills its caches first: what it takes until then is no trend. */
export const START_PEAK_MS = 10 * 60_000;
/** What was before says little of what will be. */
export const TREND_MS = 6 * 3_600_000;
/** Fewer are a chance. */
const MIN_SAMPLES = 5;
const MIN_SPAN_H = 0.25;

/** kB per hour, by least squares; null: too few samples. Pure. */
export function growthOf({ n, spanH, x, y, xx, xy }: MemorySums): number | null {
  const spread = n * xx - x * x;
  if (n < MIN_SAMPLES || spanH < MIN_SPAN_H || spread <= 0) return null;
  return (n * xy - x * y) / spread;
}
