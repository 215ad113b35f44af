import type { Service } from '../config/cluster.js';
import { createHandoff, type Handoff } from '../fleet/handoff.js';
import type { Fleet } from '../fleet/fleet.js';
import { linkSignals } from '../../shared/abort.js';
import { AppError, messageOf } from '../../shared/errors.js';
import type { LogEvent, LogPart, LogQuery, LogRequest, LogResult, LogSummary } from '../../shared/model/log-search.js';

export interface LogDeps {
  /** The services that selectors name; clients for none. Throws `usage` for an unknown name. */
  readonly select: (selectors: readonly string[]) => readonly Service[];
  readonly fleet: Fleet;
}

/**
 * Searches the logs of the chosen services on all hosts at once, and passes on what the agents find as they find it: no faster than it is
 * read. An agent that is away, a log that cannot be read is a reason in the result; a pattern that is none rejects with `usage`.
 */
export async function* searchLogs(deps: LogDeps, { selectors, query }: LogRequest, signal: AbortSignal): AsyncGenerator<LogEvent> {
  const services = deps.select(selectors);
  const ending = new AbortController();
  using linked = linkSignals([signal, ending.signal]);
  const summaries = new Map<string, LogSummary>();
  const events = createHandoff<LogEvent>();
  const running = runAll(services, query, { fleet: deps.fleet, events, summaries, signal: linked.signal }).then(
    () => events.end(),
    (error: unknown) => events.end(error instanceof Error ? error : new Error(messageOf(error))),
  );
  const shown = createLimit(query.tail === null ? query.max : null);
  try {
    for await (const event of events) {
      const left = event.type === 'entries' ? shown.cut(event) : event;
      if (left !== null) yield left;
    }
    yield { type: 'result', result: resultOf(services, query, summaries, shown.omitted) };
  } finally {
    ending.abort(new AppError('cancelled', 'nobody reads what is found any more'));
    await running;
  }
}

interface Running {
  readonly fleet: Fleet;
  readonly events: Handoff<LogEvent>;
  readonly summaries: Map<string, LogSummary>;
  readonly signal: AbortSignal;
}

/** A few services of a host at a time: more would only make its disk seek. Who follows waits for all of them. */
async function runAll(services: readonly Service[], query: LogQuery, running: Running): Promise<void> {
  const lanes = [...new Set(services.map(({ host }) => host))].flatMap((host) => {
    const rest = services.filter((service) => service.host === host);
    const count = query.follow ? rest.length : Math.min(rest.length, LANES);
    return Array.from({ length: count }, async () => {
      for (let service = rest.shift(); service !== undefined; service = rest.shift()) await run(service, query, running);
    });
  });
  await Promise.all(lanes);
}

const LANES = 4;

async function run({ spec: { name }, host }: Service, query: LogQuery, { fleet, events, summaries, signal }: Running): Promise<void> {
  try {
    const parts: AsyncIterable<LogPart> = fleet.agent(host).search(name, query, { signal });
    for await (const part of parts) {
      if (part.type === 'summary') summaries.set(name, part.summary);
      else if (!(await events.put({ ...part, service: name, host }))) return;
    }
    if (!summaries.has(name)) summaries.set(name, unsearched(`the agent of ${host} did not say how it ended`));
  } catch (error) {
    if (signal.aborted) throw error;
    if (error instanceof AppError && error.code === 'usage') throw error;
    summaries.set(name, unsearched(messageOf(error)));
  }
}

const unsearched = (why: string): LogSummary => ({
  ...{ hits: 0, matchingLines: 0, scannedBytes: 0, since: null, omitted: 0, notes: [], stats: null },
  why,
});

/** Lets the first hits pass, and counts the others. */
function createLimit(max: number | null) {
  const omitted = new Map<string, number>();
  let left = max ?? Infinity;
  return {
    omitted,
    cut(event: Extract<LogEvent, { type: 'entries' }>): LogEvent | null {
      if (left === Infinity) return event;
      const entries = event.entries.filter(({ kind }) => {
        if (kind === 'hit' && left > 0) left -= 1;
        else if (kind === 'hit') omitted.set(event.service, (omitted.get(event.service) ?? 0) + 1);
        else return left > 0;
        return (omitted.get(event.service) ?? 0) === 0;
      });
      return entries.length === 0 && event.notes === undefined ? null : { ...event, entries };
    },
  };
}

function resultOf(
  services: readonly Service[],
  query: LogQuery,
  summaries: ReadonlyMap<string, LogSummary>,
  omitted: ReadonlyMap<string, number>,
): LogResult {
  const results = services.map(({ spec: { name }, host }) => {
    const summary = summaries.get(name) ?? unsearched('it was not searched');
    return { ...summary, omitted: summary.omitted + (omitted.get(name) ?? 0), name, host };
  });
  return { exit: exitOf(results, query), services: results };
}

/** 1: a critical entry, where those were asked for. 5: something could not be searched. */
function exitOf(services: readonly LogSummary[], { what, output }: LogQuery): number {
  const critical = what.kind === 'critical' && output !== 'stats' && services.some(({ matchingLines }) => matchingLines > 0);
  if (critical) return 1;
  return services.some(({ why }) => why !== null) ? 5 : 0;
}
