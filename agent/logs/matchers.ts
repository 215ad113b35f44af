import type { LogQuery } from '../../shared/model/log-search.js';
import { type LogPattern, parseLogPattern } from '../../shared/model/log-pattern.js';
import type { LogSpec } from '../../shared/model/service.js';
import type { StartMarker } from './find-start.js';
import { createLineTest, forRipgrep, type LineTest } from './line-test.js';
import type { Ripgrep } from './ripgrep.js';
import { matchInProcess, type LineMatcher } from './scan-bytes.js';

/** What makes an entry a hit. */
export interface Wanted {
  /** For ripgrep; null: it cannot take it, or nothing is looked for. */
  readonly rust: string | null;
  /** For bytes in memory; null: nothing is looked for, every entry is wanted. */
  readonly lines: ((ripgrep: () => Promise<Ripgrep>, signal: AbortSignal) => LineMatcher) | null;
  /** Entries with such a line are not wanted. */
  readonly ignored: LineTest | null;
}

/** null: there is nothing that could be found. Errors: `usage` for a pattern that is none. */
export function wantedBy({ what }: Pick<LogQuery, 'what'>, spec: LogSpec): Wanted | null {
  switch (what.kind) {
    case 'every':
      return { rust: null, lines: null, ignored: null };
    case 'pattern':
      return { ...wanted(parseLogPattern(what.pattern, what)), ignored: null };
    case 'critical': {
      if (spec.criticalPattern === '') return null;
      return { ...critical(spec.criticalPattern), ignored: spec.ignorePattern === '' ? null : createLineTest(spec.ignorePattern) };
    }
  }
}

/** The last start, by the pattern of the service; null: it has none. */
export function markerOf({ readyPattern }: LogSpec): StartMarker | null {
  if (readyPattern === '') return null;
  const parsed = forRipgrep(readyPattern);
  const { rust = null, literal = '', linear = false } = parsed ?? {};
  return { test: createLineTest(readyPattern), rust, literal, quick: linear || literal !== '' };
}

const wanted = ({ rust, js, linear }: LogPattern): Omit<Wanted, 'ignored'> => ({
  rust,
  lines: linear
    ? () => matchInProcess((lines) => lines.map((line) => js.test(line)))
    : (ripgrep, signal) => async (bytes) => (await ripgrep()).matchingLines(bytes, rust, signal),
});

/** An ini file may say more than ripgrep understands. */
function critical(pattern: string): Omit<Wanted, 'ignored'> {
  const parsed = forRipgrep(pattern);
  if (parsed !== null) return wanted(parsed);
  const test = createLineTest(pattern);
  return { rust: null, lines: () => matchInProcess(test) };
}
