import type { Clock } from '../../shared/ports/clock.js';

/** A wait is told when it lasts. */
const TELL_WAIT_MS = 3_000;

/** Tells each wait once, when it has lasted; `member` null: the whole run waits. */
export function createWaits(clock: Clock, tell: (member: string | null, message: string) => void) {
  const since = new Map<string | null, { why: string; at: number; told: boolean }>();
  return (member: string | null, why: string): void => {
    const wait = since.get(member);
    // "12 s left" and "11 s left" are the same wait.
    const kind = why.replace(/\d+/g, '#');
    if (wait?.why !== kind) return void since.set(member, { why: kind, at: clock.now(), told: false });
    if (wait.told || clock.now() - wait.at < TELL_WAIT_MS) return;
    wait.told = true;
    tell(member, `waiting: ${why}`);
  };
}
