/** Levels of Python's logging, mildest first. */
export const LOG_LEVEL_NAMES = ['DEBUG', 'INFO', 'WARNING', 'ERROR', 'CRITICAL'] as const;
export type LogLevelName = (typeof LOG_LEVEL_NAMES)[number];

/** What to look for in the log of a service, where in it, and what to answer. */
export interface LogQuery {
  readonly what: LogWhat;
  /** `count`: no entries, only their number or that of their lines. `stats`: what stands in the range, summed up. */
  readonly output: 'entries' | 'count' | 'stats';
  readonly range: LogRange;
  /** Entries of this level and above; null: of any, also of none. */
  readonly level: LogLevelName | null;
  /** So many entries before and after each hit. */
  readonly context: number;
  /** At most so many hits are sent; the others are counted. */
  readonly max: number | null;
  /** Only the last so many hits. */
  readonly tail: number | null;
  /** Goes on with what is written to the log later; ends with its signal alone. */
  readonly follow: boolean;
}

/** `critical`: the critical pattern of the service, without what its ignore pattern matches. */
export type LogWhat =
  | { readonly kind: 'pattern'; readonly pattern: string; readonly ignoreCase: boolean }
  | { readonly kind: 'critical' }
  | { readonly kind: 'every' };

/**
 * `since-start`: from the last start marker on, also where a rotation took it into an archive. `all`: the log, and with `archives` what has
 * been rotated away. `between`: by the time of the entries, in epoch ms; the archives where the log begins later.
 */
export type LogRange =
  | { readonly kind: 'since-start' }
  | { readonly kind: 'all'; readonly archives: boolean }
  | { readonly kind: 'between'; readonly since: number | null; readonly until: number | null };

/** A stream ends with its summary. */
export type LogPart = FoundEntries | { readonly type: 'summary'; readonly summary: LogSummary };

export interface FoundEntries {
  readonly type: 'entries';
  readonly file: string;
  readonly entries: readonly FoundEntry[];
  /** While following: why some may be missing before these. */
  readonly notes?: readonly string[];
}

/** An entry: the line with the time stamp and what follows it without one. */
export interface FoundEntry {
  /** `context`: beside a hit, not one itself. */
  readonly kind: 'hit' | 'context';
  /** Epoch ms, by the clock and the time zone of the host; null: the entry has no time stamp. */
  readonly time: number | null;
  readonly level: string | null;
  /** Where the entry begins in the file (of an archive: in what is packed). */
  readonly offset: number;
  readonly lines: number;
  /** Of its lines, those that match; of an entry that was not looked for by a pattern, all. */
  readonly matching: number;
  /** Of a very long entry the beginning. */
  readonly text: string;
}

export interface LogSummary {
  /** null: only lines were counted. */
  readonly hits: number | null;
  readonly matchingLines: number;
  readonly scannedBytes: number;
  /** Time stamp, as the log has it, of the start from which on it was searched; null: it was not, or there is none. */
  readonly since: string | null;
  /** Hits that were found but not sent. */
  readonly omitted: number;
  /** What an operator should know of the search. */
  readonly notes: readonly string[];
  /** Why nothing, or not all, could be searched; null: all was. */
  readonly why: string | null;
  readonly stats: LogStats | null;
}

export interface LogStats {
  readonly entries: number;
  /** Epoch ms; null: no entry has a time stamp. */
  readonly first: number | null;
  readonly last: number | null;
  /** null: entries without a level. */
  readonly levels: readonly { readonly level: string | null; readonly entries: number }[];
  /** The most frequent messages, numbers and ids folded: those of errors first, then of warnings, each most frequent first. */
  readonly messages: readonly RepeatedMessage[];
}

export interface RepeatedMessage {
  readonly text: string;
  readonly level: string | null;
  readonly entries: number;
  readonly first: number | null;
  readonly last: number | null;
}

/** What `ctl log` asks of the controller. */
export interface LogRequest {
  /** As after `-s`. Empty: all clients. */
  readonly selectors: readonly string[];
  readonly query: LogQuery;
}

/** Ends with its result. */
export type LogEvent =
  (FoundEntries & { readonly service: string; readonly host: string }) | { readonly type: 'result'; readonly result: LogResult };

export interface LogResult {
  readonly exit: number;
  readonly services: readonly (LogSummary & { readonly name: string; readonly host: string })[];
}
