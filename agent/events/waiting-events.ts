import type { AgentEvent } from '../../shared/model/agent-event.js';

/** Events in the order in which they happened, bounded. */
export interface WaitingEvents {
  has(id: string): boolean;
  /** Where there is no room the oldest go; the next of the same service says how many. */
  add(event: AgentEvent): void;
  remove(id: string): void;
  oldest(most: number): readonly AgentEvent[];
  all(): readonly AgentEvent[];
}

export function createWaiting({ most, mostBytes }: { readonly most: number; readonly mostBytes: number }): WaitingEvents {
  const events = new Map<string, AgentEvent>();
  /** Of services of which nothing waits. */
  const dropped = new Map<string, number>();
  let bytes = 0;

  return {
    has: (id) => events.has(id),
    add(event) {
      if (events.has(event.id)) return;
      const before = dropped.get(event.service) ?? 0;
      dropped.delete(event.service);
      events.set(event.id, withOmitted(event, before));
      bytes += sizeOf(event);
      while (events.size > 1 && (events.size > most || bytes > mostBytes)) dropOldest();
    },
    remove,
    oldest(count) {
      const found: AgentEvent[] = [];
      for (const event of events.values()) {
        if (found.length >= count) break;
        found.push(event);
      }
      return found;
    },
    all: () => [...events.values()],
  };

  function remove(id: string): AgentEvent | null {
    const event = events.get(id);
    if (event === undefined) return null;
    events.delete(id);
    bytes -= sizeOf(event);
    return event;
  }

  function dropOldest(): void {
    const [oldest] = events.values();
    if (oldest === undefined) return;
    remove(oldest.id);
    const lost = 1 + (oldest.omitted ?? 0);
    const next = [...events.values()].find(({ service }) => service === oldest.service);
    if (next === undefined) dropped.set(oldest.service, lost);
    else events.set(next.id, withOmitted(next, lost));
  }
}

const withOmitted = (event: AgentEvent, more: number): AgentEvent =>
  more === 0 ? event : { ...event, omitted: (event.omitted ?? 0) + more };

/** About what it takes in memory: its texts. */
const sizeOf = (event: AgentEvent): number => 256 + (event.kind === 'died' ? event.why.length : event.entry.text.length) * 2;
