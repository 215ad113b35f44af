import type { Log } from '../../shared/log.js';
import type { AgentEvent, TakeEvents } from '../../shared/model/agent-event.js';
import { moreOf, type Repeats } from '../../shared/repeats.js';
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
  /** What the time is here, epoch ms. */
  readonly now: () => number;
  readonly log: Log;
  /** For what an agent may send as often as it likes. */
  readonly repeats: Pick<Repeats, 'tell'>;
}

export function createIntake({ takeEvents, isOwn, now, log, repeats }: IntakeDeps, session: Pick<Session, 'hello' | 'taken'>): Intake {
  const { name: host, version } = session.hello;
  let busy = false;
  return {
    take({ events, unreadable }, skew) {
      // An agent waits for the answer before it tells more; one that does not is not to fill our memory.
      if (busy) return;
      busy = true;
      if (unreadable.length > 0)
        warn(
          'unknown',
          { host, agent: version },
          `agent ${host} told ${unreadable.length} events of a kind that this version does not know`,
        );
      const portion = events.slice(0, MAX_EVENTS);
      const own = portion.filter(({ id, service }) => id.length <= MAX_ID && isOwn(service));
      if (own.length < portion.length)
        warn('foreign', { host }, `agent ${host} told ${portion.length - own.length} events of services that are not on its host`);
      const at = now();
      takeEvents(
        host,
        own.map((event) => bounded(atOurTime(event, skew.ms()), at)),
      )
        .then(() => session.taken([...portion.map(({ id }) => id), ...unreadable]))
        .catch((error: unknown) => log.error({ host, error }, `what agent ${host} tells cannot be taken`))
        .finally(() => (busy = false));
    },
  };

  function warn(kind: string, facts: Readonly<Record<string, unknown>>, text: string): void {
    repeats.tell(`${kind} ${host}`, (more) => log.warn(facts, `${text}${moreOf(more)}`));
  }
}

/** What an agent of ours stays below by far: an agent that was taken over fills no memory and no disk. */
const MAX_EVENTS = 1_000;
const MAX_ID = 200;
const MAX_TEXT = 32 * 1024;

/** Nothing has happened that is to come; no text is longer than is ever shown. */
function bounded(event: AgentEvent, now: number): AgentEvent {
  const at = Math.max(0, Math.min(event.at, now));
  if (event.kind === 'died')
    return { ...event, at, why: cut(event.why), lastEntry: event.lastEntry === undefined ? undefined : cut(event.lastEntry) };
  const { time, level, text } = event.entry;
  return {
    ...event,
    at,
    file: cut(event.file),
    entry: { time: time === null ? null : cut(time), level: level === null ? null : cut(level), text: cut(text) },
  };
}

const cut = (text: string): string => (text.length > MAX_TEXT ? `${text.slice(0, MAX_TEXT)}…` : text);

function atOurTime(event: AgentEvent, skewMs: number | null): AgentEvent {
  return skewMs === null || Math.abs(skewMs) <= TOLERATED_SKEW_MS ? event : { ...event, at: event.at - skewMs };
}
