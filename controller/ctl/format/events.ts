import type { Incident } from '../../../shared/model/incident.js';
import type { Style } from './style.js';
import { formatTable, type Cell } from './table.js';
import { oneLine } from './text.js';
import { formatMs, formatTime, isoTime } from './units.js';

export interface EventsOptions {
  /** Expected, got and the log entry of each. */
  readonly verbose: boolean;
  /** What was asked for: everything, a part of it, or what lasts. */
  readonly asked: 'all' | 'part' | 'open';
  readonly now: number;
}

/** The newest last, where the eye is. */
export function formatEvents(incidents: readonly Incident[], options: EventsOptions, style: Style): string {
  if (incidents.length === 0) return NOTHING[options.asked];
  const header = ['BEGAN', 'LASTED', 'SERVICE', 'EVENT', 'SEEN', 'WHAT'].map((text) => ({ text, paint: style.dim }));
  const rows = incidents.map((incident): Cell[] => {
    const lasts = incident.ended === null;
    const paint = lasts ? (incident.event === null ? style.warn : style.bad) : undefined;
    const lasted = formatMs(Math.max(0, (incident.ended ?? options.now) - incident.first));
    return [
      { text: formatTime(incident.first) },
      { text: lasts ? `${lasted} (lasts)` : lasted, paint },
      { text: oneLine(incident.service ?? incident.host ?? '-'), paint: style.bold },
      { text: incident.event === null ? incident.kind : `${incident.event} ${incident.kind}`, paint },
      { text: `${incident.count}x` },
      { text: oneLine(incident.message) + (incident.action === null ? '' : ` ${style.glyphs.arrow} ${oneLine(incident.action)}`) },
    ];
  });
  if (!options.verbose) return formatTable([header, ...rows]);
  return incidents.map((incident, i) => formatTable([header, rows[i] ?? []]) + details(incident, style)).join('\n');
}

const NOTHING = {
  all: 'nothing happened yet\n',
  part: 'nothing of that kind happened\n',
  open: 'nothing is wrong, as far as is known; `ctl check` measures now\n',
} as const;

function details({ id, expected, got, logEntry, last }: Incident, style: Style): string {
  const lines = [
    ['id', id],
    ['last seen', formatTime(last)],
    ['expected', expected],
    ['got', got],
    ['log', logEntry],
  ];
  return lines.map(([name, text]) => (text == null ? '' : `  ${style.dim(`${name}:`)} ${oneLine(text)}\n`)).join('');
}

export const eventsToJson = (incidents: readonly Incident[], exit: number): object => ({
  ...{ schema: 1, action: 'events', exit },
  events: incidents.map((incident) => ({
    id: incident.id,
    service: incident.service,
    host: incident.host,
    event: incident.event,
    kind: incident.kind,
    first: isoTime(incident.first),
    last: isoTime(incident.last),
    ended: incident.ended === null ? null : isoTime(incident.ended),
    count: incident.count,
    open: incident.ended === null,
    message: incident.message,
    expected: incident.expected,
    got: incident.got,
    log_entry: incident.logEntry,
    action: incident.action,
  })),
});
