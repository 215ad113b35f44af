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

export interface IntakeDeps {
  readonly takeEvents: TakeEvents;
  /** Whether the service is on the host of this agent: of others it has nothing to tell. */
  readonly isOwn: (service: string) => boolean;
  readonly log: Log;
}

export function createIntake({ takeEvents, isOwn, log }: IntakeDeps, session: Pick<Session, 'hello' | 'taken'>): Intake {
  const { name: host, version } = session.hello;
  let busy = false;
  return {
    take({ events, unreadable }, skew) {
      // An agent waits for the answer before it tells more; one that does not is not to fill our memory.
      if (busy) return;
      busy = true;
      if (unreadable.length > 0)
        log.warn({ host, agent: version }, `agent ${host} told ${unreadable.length} events of a kind that this version does not know`);
      const own = events.filter(({ service }) => isOwn(service));
      if (own.length < events.length)
        log.warn({ host }, `agent ${host} told ${events.length - own.length} events of services that are not on its host`);
      takeEvents(
        host,
        own.map((event) => atOurTime(event, skew.ms())),
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
