import { EXIT } from '../exit-codes.js';
import { toLine } from '../format/error.js';
import { eventsToJson, formatEvents } from '../format/events.js';
import type { EventsInvocation } from '../typed/actions/events.js';
import { parseTime } from './log-query.js';
import type { Connected } from '../session.js';

/** What happened to the cluster. Trouble that it tells of is no failure of the telling. */
export async function events(connected: Connected, { selectors, open, since }: EventsInvocation): Promise<number> {
  const { api, deps, options, style, signal } = connected;
  const now = deps.clock.now();
  const from = since === null ? null : parseTime('--since', since, now);
  const { incidents } = await api.incidents({ selectors, open, since: from }, signal);
  const asked = open ? 'open' : from !== null || selectors.length > 0 ? 'part' : 'all';
  deps.terminal.out(
    options.json ? toLine(eventsToJson(incidents, EXIT.well)) : formatEvents(incidents, { now, verbose: options.verbose, asked }, style),
  );
  return EXIT.well;
}
