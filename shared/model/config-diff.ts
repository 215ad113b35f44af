/** What the controller goes by, against cluster.ini as it is now. */
export interface ConfigDiff {
  readonly file: string;
  /** Epoch ms at which the controller read what it goes by. */
  readonly loadedAt: number;
  readonly changes: readonly ConfigChange[];
  /** Why the file is not taken over, a line each; empty: it is, within seconds. */
  readonly refusals: readonly string[];
}

/** One effective value; a password reads `[redacted]`. */
export interface ConfigChange {
  readonly section: string;
  readonly key: string;
  /** null: there was no such section. */
  readonly before: string | null;
  /** null: there is no such section any more. */
  readonly after: string | null;
  /** Where the file has it now; null: nowhere. */
  readonly line: number | null;
}
