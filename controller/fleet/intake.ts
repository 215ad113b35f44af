import type { Log } from '../../shared/log.js';
import type { AgentEvent, TakeEvents } from '../../shared/model/agent-event.js';
import type { Report } from '../../shared/wire/link-messages.js';
import type { Session } from './session.js';
import { type Skew, TOLERATED_SKEW_MS } from './skew.js';

/** What one agent tells in one session, on its way to whoever takes it. */
export interface Intake {
  /** Answers the agent when it has been taken. What cannot be taken now is not answered: the agent tells it again. */
  take(report: Extract<Report, { type: 'events' }>, skew: Skew): void;
}

export function createIntake(
  { takeEvents, log }: { readonly takeEvents: TakeEvents; readonly log: Log },
  session: Pick<Session, 'hello' | 'taken'>,
): Intake {
  const { name: host, version } = session.hello;
  let busy = false;
  return {
    take({ events, unreadable }, skew) {
      // An agent waits for the answer before it tells more; one that does not is not to fill our memory.
      if (busy) return;
      busy = true;
      if (unreadable.length > 0)
        log.warn({ host, agent: version }, `agent ${host} told ${unreadable.length} events of a kind that this version does not know`);
      takeEvents(
        host,
        events.map((event) => atOurTime(event, skew.ms())),
      )
        .then(() => session.taken([...events.map(({ id }) => id), ...unreadable]))
        .catch((error: unknown) => log.error({ host, error }, `what agent ${host} tells cannot be taken`))
        .finally(() => (busy = false));
    },
  };
}

function atOurTime(event: AgentEvent, skewMs: number | null): AgentEvent {
  return skewMs === null || Math.abs(skewMs) <= TOLERATED_SKEW_MS ? event : { ...event, at: event.at - skewMs };
}
