import type { AgentEvent } from '../../shared/model/agent-event.js';

/** Lets so many events of one kind of one service pass in a minute; of the others the last one is told, with their number. */
export interface Storm {
  /** The event, if it is to be told now. */
  admit(event: AgentEvent, now: number): AgentEvent | null;
  /** What was held back, if its time has come; `force`: whether or not. */
  release(now: number, force?: boolean): AgentEvent | null;
}

export function createStorm({ most = 20, windowMs = 60_000 }: { readonly most?: number; readonly windowMs?: number } = {}): Storm {
  let began = -Infinity;
  let told = 0;
  let held: AgentEvent | null = null;
  let omitted = 0;
  return {
    admit(event, now) {
      if (held === null && now - began >= windowMs) {
        began = now;
        told = 0;
      }
      if (told < most) {
        told += 1;
        return event;
      }
      omitted += held === null ? 0 : 1;
      held = event;
      return null;
    },
    release(now, force = false) {
      if (held === null || (!force && now - began < windowMs)) return null;
      const last = omitted === 0 ? held : { ...held, omitted };
      began = now;
      told = 1;
      held = null;
      omitted = 0;
      return last;
    },
  };
}
