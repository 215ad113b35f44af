/** A page as the cache itself is asked for it: the `Host` header, and the path with its query. */
export interface CachedPage {
  readonly host: string;
  readonly path: string;
}

/** What is to go: these pages; without any the whole cache. */
export interface PurgeOrder {
  readonly pages: readonly CachedPage[];
  /** Of a cache that has to be stopped for it. */
  readonly stopDeadlineMs: number;
  readonly startDeadlineMs: number;
}

/** What a purge of the whole cache would do now. */
export interface PurgePlan {
  /** A line each. */
  readonly details: readonly string[];
  /** For how long it answers nobody, at most; null: it goes on answering. */
  readonly awayS: number | null;
}

/** `removed`: it is fetched anew. `absent`: it was not there. `refused`: the cache does not let us; `why` says what lets it. */
export interface PurgedPage {
  readonly page: CachedPage;
  readonly outcome: 'removed' | 'absent' | 'refused' | 'failed';
  /** What the cache answered; null: nothing. */
  readonly status: number | null;
  readonly why: string | null;
}

export interface PurgeResult {
  /** Of single pages. */
  readonly pages: readonly PurgedPage[];
  /** For how long it answered nobody; null: it went on answering. */
  readonly awayMs: number | null;
  readonly notes: readonly string[];
}
