import type { AgentEvent } from '../model/agent-event.js';
import { fromProcess, fromTime, toInt64, toUint32, unreadable } from './fields.js';
import type { AgentEvent as WireEvent, AgentEvents as WireEvents } from './gen/ctl/v1/event.js';

export const eventsToWire = (events: readonly AgentEvent[]): WireEvents => ({ events: events.map(eventToWire) });

/** Never throws: one event of a later version must not end the session, nor keep back those behind it. */
export function eventsFromWire(wire: WireEvents): { readonly events: readonly AgentEvent[]; readonly unreadable: readonly string[] } {
  const events: AgentEvent[] = [];
  const ids: string[] = [];
  for (const event of wire.events) {
    try {
      events.push(eventFromWire(event));
    } catch {
      // Whoever takes them says so, and the agent does not tell it for ever.
      ids.push(event.id);
    }
  }
  return { events, unreadable: ids };
}

function eventToWire(event: AgentEvent): WireEvent {
  const { id, service } = event;
  const common = { id, service, atMs: toInt64(event.at, 'time of the event'), omitted: toUint32(event.omitted ?? 0, 'omitted events') };
  if (event.kind === 'died')
    return { ...common, what: { $case: 'died', value: { process: event.process, why: event.why, lastEntry: event.lastEntry } } };
  const { time, level, text } = event.entry;
  const value = { time: time ?? undefined, level: level ?? undefined, text, file: event.file };
  return { ...common, what: { $case: 'criticalEntry', value } };
}

function eventFromWire({ id, service, atMs, omitted, what }: WireEvent): AgentEvent {
  const common = { id, service, at: fromTime(atMs, 'time of the event'), ...(omitted === 0 ? {} : { omitted }) };
  switch (what?.$case) {
    case 'died': {
      const { process, why, lastEntry } = what.value;
      return { ...common, kind: 'died', process: fromProcess(process), why, ...(lastEntry === undefined ? {} : { lastEntry }) };
    }
    case 'criticalEntry': {
      const { time, level, text, file } = what.value;
      return { ...common, kind: 'critical-entry', entry: { time: time ?? null, level: level ?? null, text }, file };
    }
    case undefined:
      throw unreadable('kind of event', id);
  }
}
