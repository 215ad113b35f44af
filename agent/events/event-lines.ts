import type { AgentEvent } from '../../shared/model/agent-event.js';

/** What happens to the events that wait, as it stands in their file. */
export type EventLine = { readonly event: AgentEvent } | { readonly taken: readonly string[] };

export function isEventLine(value: unknown): value is EventLine {
  const line = fields(value);
  if (Array.isArray(line.taken)) return line.taken.every((id) => typeof id === 'string');
  return isEvent(fields(line.event));
}

function isEvent({ id, at, service, omitted, kind, entry, file, process, why, lastEntry }: Fields): boolean {
  if (typeof id !== 'string' || typeof at !== 'number' || typeof service !== 'string') return false;
  if (omitted !== undefined && typeof omitted !== 'number') return false;
  if (kind === 'died')
    return typeof process === 'string' && typeof why === 'string' && (lastEntry === undefined || typeof lastEntry === 'string');
  const { time, level, text } = fields(entry);
  return kind === 'critical-entry' && typeof file === 'string' && typeof text === 'string' && isTextOrNull(time) && isTextOrNull(level);
}

type Fields = Readonly<Record<string, unknown>>;

const fields = (value: unknown): Fields => (typeof value === 'object' && value !== null ? (value as Fields) : {});
const isTextOrNull = (value: unknown): boolean => value === null || typeof value === 'string';
