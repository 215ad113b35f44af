import type { ServiceReport } from '../../shared/model/check-report.js';
import type { ZopeStart } from './state.js';

/** The start that a report speaks of. */
export const startOf = ({ log, memory }: ServiceReport): ZopeStart => ({
  marker: log?.ok === true ? log.since : null,
  process: memory?.ok === true ? memory.process : null,
  entry: null,
});

/**
 * Whether a Zope was started anew after `before`. A log that has become clean without that was rotated: its entries are as critical as
 * they were.
 */
export function isStartedAnew(before: ZopeStart, now: ZopeStart): boolean {
  if (before.marker !== null && now.marker !== null && before.marker !== now.marker) return true;
  if (before.process !== null && now.process !== null && before.process !== now.process) return true;
  return before.entry !== null && now.marker !== null && isLater(now.marker, before.entry);
}

/** What is known of one start from two looks at it. */
export const joinStarts = (before: ZopeStart | null, now: ZopeStart): ZopeStart => ({
  marker: now.marker ?? before?.marker ?? null,
  process: now.process ?? before?.process ?? null,
  entry: now.entry ?? before?.entry ?? null,
});

/** Two time stamps of one log; without its fractions of a second, which not every entry has. */
function isLater(one: string, other: string): boolean {
  const [a, b] = [secondOf(one), secondOf(other)];
  return a !== null && b !== null && a > b;
}

const secondOf = (stamp: string): string | null => /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d/.exec(stamp)?.[0].replace('T', ' ') ?? null;
