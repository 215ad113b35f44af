import type { SearchDeps, SearchedLog } from './search.js';
import type { LogFile } from './log-file.js';
import type { LineMatcher } from './scan-bytes.js';
import type { ScannedEntry } from './scanned.js';
export interface Followed {
  readonly file: string;
  readonly entries: readonly ScannedEntry[];
  readonly written: number;
}
export async function* followLog(
  _: SearchedLog & { log: LogFile; offset: number; match: LineMatcher | null },
  _deps: SearchDeps,
): AsyncGenerator<Followed> {
  yield* [];
}
