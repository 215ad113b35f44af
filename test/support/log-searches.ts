import { createLogSearch, type SearchedLog } from '../../agent/logs/index.js';
import type { FoundEntry, LogQuery, LogSummary } from '../../shared/model/log-search.js';
import { systemClock } from '../../shared/ports/clock.js';

const READY =
  '^\\d{4}-\\d\\d-\\d\\d[T ]\\d\\d:\\d\\d:\\d\\d(?:,\\d{3})? INFO\\s+(?:Zope |\\[Zope:\\d+\\]\\[[^\\]]+\\] )Ready to handle requests\\s*$';

export const targetOf = (path: string, more: Partial<SearchedLog & SearchedLog['spec']> = {}): SearchedLog => ({
  service: 'zeoclient1.1',
  path,
  archiveDir: '',
  allowed: (one) => Promise.resolve(one),
  ...more,
  spec: { file: path, readyPattern: READY, criticalPattern: 'MemoryError', ignorePattern: '', ...more },
});

/** How much of a log is searched without ripgrep; the same is found either way. */
export const WAYS = [
  ['by ripgrep', 0],
  ['in this process', 1e6],
] as const;

export const EVERYWHERE: LogQuery = {
  what: { kind: 'every' },
  output: 'entries',
  range: { kind: 'all', archives: false },
  level: null,
  context: 0,
  max: null,
  tail: null,
  follow: false,
};

export const forPattern = (pattern: string, more: Partial<LogQuery> = {}): LogQuery => ({
  ...EVERYWHERE,
  what: { kind: 'pattern', pattern, ignoreCase: false },
  ...more,
});

export interface Result {
  readonly entries: readonly (FoundEntry & { readonly file: string })[];
  readonly summary: LogSummary;
}

interface SearchOptions {
  readonly signal?: AbortSignal;
  readonly fewBytes?: number;
}

export async function searchFor(query: LogQuery, target: SearchedLog, options: SearchOptions = {}): Promise<Result> {
  const { signal = new AbortController().signal, ...few } = options;
  const search = createLogSearch({ clock: systemClock, ...few });
  const entries: (FoundEntry & { file: string })[] = [];
  for await (const part of search(target, query, signal)) {
    if (part.type === 'summary') return { entries, summary: part.summary };
    entries.push(...part.entries.map((entry) => ({ ...entry, file: part.file })));
  }
  throw new Error('a search ends with its summary');
}
