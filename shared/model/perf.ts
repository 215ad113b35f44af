export interface PerfRequest {
  /** Empty: every service that was timed. */
  readonly selectors: readonly string[];
}

/** How long pages took in the last week, against the week before. */
export interface PerfReport {
  /** Epoch ms: the last week. */
  readonly from: number;
  readonly to: number;
  readonly rows: readonly PerfRow[];
  /** Lines that were none, files that could not be read. */
  readonly warnings: readonly string[];
}

/** One page of one service. null: it was not timed then. */
export interface PerfRow {
  readonly service: string;
  readonly host: string;
  readonly url: string;
  readonly now: PerfFigures | null;
  readonly before: PerfFigures | null;
}

export interface PerfFigures {
  readonly count: number;
  /** Seconds. */
  readonly p50: number;
  readonly p95: number;
  readonly max: number;
}
