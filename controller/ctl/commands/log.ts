import { throwIfAborted } from '../../../shared/abort.js';
import { AppError } from '../../../shared/errors.js';
import type { LogEvent, LogResult } from '../../../shared/model/log-search.js';
import type { Terminal } from '../deps.js';
import { EXIT, worstExit } from '../exit-codes.js';
import { quoted } from '../format/advice.js';
import { toLine } from '../format/error.js';
import { entriesToJson, logResultToJson, logStatsToJson } from '../format/json-log.js';
import { createLogText, formatLogCounts, formatLogNote, formatLogResult, formatLogStats } from '../format/log.js';
import type { LogInvocation } from '../typed/actions/log.js';
import { logQueryOf } from './log-query.js';
import type { Connected } from '../session.js';

/**
 * Shows what is found as it is found, no faster than it is read. Ctrl-C ends the search on every host; what was found until then stays, and
 * is told as incomplete. The end of `-f` is no failure, but it is an interruption.
 */
export async function log(connected: Connected, invocation: LogInvocation): Promise<number> {
  const { api, deps, options, style, errStyle, signal } = connected;
  const query = logQueryOf(invocation.flags, invocation.flags.count ? 'count' : 'entries', deps.clock.now());
  const text = createLogText(style);
  const seen = createSeen();
  try {
    for await (const event of api.log({ selectors: invocation.selectors, query }, signal)) {
      // Who ends it wants it ended now, whatever has arrived.
      throwIfAborted(signal);
      if (event.type === 'result') return finish(event.result, true);
      seen.add(event);
      for (const note of event.notes ?? []) deps.terminal.err(`${formatLogNote(event.service, note, errStyle)}\n`);
      deps.terminal.out(options.json ? entriesToJson(event).map(toLine).join('') : text.entries(event));
      await deps.terminal.drained(signal);
    }
    throw new AppError('unreachable', 'the stream ended before the search did');
  } catch (error) {
    if (!(error instanceof AppError && error.code === 'cancelled' && signal.aborted)) throw perhapsAPattern(error, invocation);
    return finish(seen.result(), false);
  }

  function finish(result: LogResult, complete: boolean): number {
    const exit = worstExit(complete ? [result.exit] : [result.exit, EXIT.interrupted]);
    if (options.json) deps.terminal.out(toLine(logResultToJson(result, { exit, complete })));
    else {
      if (invocation.flags.count && complete) deps.terminal.out(formatLogCounts(result));
      if (complete || !query.follow) deps.terminal.err(formatLogResult(result, { counted: invocation.flags.count, complete }, errStyle));
      if (
        complete &&
        query.what.kind === 'critical' &&
        result.services.every(({ matchingLines, why, omitted }) => matchingLines === 0 && omitted === 0 && why === null)
      )
        deps.terminal.err(NOTHING_CRITICAL);
    }
    return exit;
  }
}

const NOTHING_CRITICAL = 'that is nothing critical; `-p PATTERN` looks for something else, `--tail 20` shows what was written last\n';

/** `ctl log ConflictError`: the word counts as the name of a service. */
function perhapsAPattern(error: unknown, { flags, selectors }: LogInvocation): unknown {
  const [first] = selectors;
  if (!(error instanceof AppError && error.code === 'usage') || flags.pattern !== null || first === undefined) return error;
  const hint = [error.hint, `what is looked for stands behind -p: \`ctl log -p ${quoted(first)}\``].filter((one) => one !== undefined);
  return new AppError(error.code, error.message, { hint: hint.join('; '), cause: error });
}

export async function logStats({ api, deps, options, style, signal }: Connected, invocation: LogInvocation): Promise<number> {
  const query = logQueryOf(invocation.flags, 'stats', deps.clock.now());
  for await (const event of api.log({ selectors: invocation.selectors, query }, signal)) {
    if (event.type !== 'result') continue;
    const { result } = event;
    deps.terminal.out(options.json ? toLine(logStatsToJson(result)) : formatLogStats(result, textColumns(deps.terminal), style));
    return worstExit([result.exit]);
  }
  throw new AppError('unreachable', 'the stream ended before the search did');
}

/** What numbers, levels and times leave over on a terminal; what goes elsewhere is not clipped. */
const textColumns = (terminal: Terminal): number => (terminal.live ? Math.max(40, terminal.size().columns - 56) : Infinity);

/** What a search that was broken off can say of itself. */
function createSeen() {
  const services = new Map<string, { name: string; host: string; hits: number; matchingLines: number; notes: string[] }>();
  return {
    add({ service: name, host, entries, notes = [] }: Extract<LogEvent, { type: 'entries' }>) {
      const known = services.get(name) ?? { name, host, hits: 0, matchingLines: 0, notes: [] };
      services.set(name, known);
      known.notes.push(...notes);
      for (const { kind, matching } of entries) {
        if (kind === 'hit') known.hits += 1;
        known.matchingLines += matching;
      }
    },
    result: (): LogResult => ({
      exit: EXIT.well,
      services: [...services.values()].map((one) => ({
        ...{ scannedBytes: 0, since: null, omitted: 0, stats: null },
        ...one,
        why: 'the search was broken off',
      })),
    }),
  };
}
