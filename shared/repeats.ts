import type { Clock } from './ports/clock.js';

/** Tells what somebody may make happen as often as he likes, without filling a disk. */
export interface Repeats {
  /**
   * The first of its kind is said at once (`more` is 0); how many more have come, each minute until none comes. Of many kinds at a time only
   * so many are told apart.
   */
  tell(kind: string, say: (more: number) => void): void;
  /** Says what has only been counted so far. */
  stop(): void;
}

/** `sayOthers`: so many were of kinds that were not told apart. */
export function createRepeats(clock: Pick<Clock, 'sleep'>, sayOthers: (count: number) => void): Repeats {
  const seen = new Map<string, { readonly say: (more: number) => void; more: number }>();
  const stopping = new AbortController();
  let others = 0;

  return {
    tell(kind, say) {
      if (seen.size === 0) wait();
      const known = seen.get(kind);
      if (known !== undefined) known.more += 1;
      else if (seen.size >= MAX_KINDS) others += 1;
      else {
        seen.set(kind, { say, more: 0 });
        say(0);
      }
    },
    stop() {
      stopping.abort();
      sum();
      seen.clear();
    },
  };

  function wait(): void {
    clock.sleep(MINUTE_MS, stopping.signal).then(
      () => {
        sum();
        if (seen.size > 0) wait();
      },
      () => undefined,
    );
  }

  function sum(): void {
    for (const [kind, one] of seen) {
      if (one.more === 0) seen.delete(kind);
      else one.say(one.more);
      one.more = 0;
    }
    if (others > 0) sayOthers(others);
    others = 0;
  }
}

const MINUTE_MS = 60_000;
const MAX_KINDS = 20;

/** For the end of a line. */
export const moreOf = (more: number): string => (more === 0 ? '' : ` (${more} more within a minute)`);
