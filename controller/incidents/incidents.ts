import type { History } from '../history/history.js';
import type { IncidentQuery } from '../history/incidents.js';
import { AppError, messageOf } from '../../shared/errors.js';
import { createInTurn } from '../../shared/in-turn.js';
import type { Log } from '../../shared/log.js';
import type { Incident, IncidentChange } from '../../shared/model/incident.js';
import type { Clock } from '../../shared/ports/clock.js';
import { decideIncidents } from './decide.js';
import type { IncidentPolicy, Observation } from './observation.js';
import { formatState, NOTHING_YET, parseState, type IncidentState } from './state.js';

/** The trouble of the cluster, kept in the history: decided from whatever observes it, each change told once. */
export interface Incidents {
  /**
   * Resolves when what it changed is kept and told. One at a time, in the order of the calls. Rejects with `failed` if it cannot be kept:
   * nothing has changed then. What cannot be told is told with the next call.
   */
  observe(observation: Observation, policy: IncidentPolicy): Promise<void>;
  /** What lasts now. */
  lasting(): readonly Incident[];
  /** Of the past as well, oldest first. */
  list(query: IncidentQuery): Promise<readonly Incident[]>;
}

export interface IncidentsDeps {
  readonly history: Pick<History, 'incidents'>;
  readonly clock: Clock;
  readonly log: Log;
  /** Who is told what changed; null: nobody, now. */
  readonly notifier: () => { tell(changes: readonly IncidentChange[]): Promise<void> } | null;
}

/** Errors: `failed`, for a history that cannot be read. */
export async function openIncidents({ history: { incidents }, clock, log, notifier }: IncidentsDeps): Promise<Incidents> {
  let state = await readState(incidents.state());
  const inTurn = createInTurn();
  await tellAll();

  async function observe(observation: Observation, policy: IncidentPolicy): Promise<void> {
    const decision = decideIncidents(state, observation, policy, clock.now());
    const { changes } = decision;
    if (changes.length > 0 || isChanged(state, decision.state)) await incidents.put({ changes, state: formatState(decision.state) });
    state = decision.state;
    for (const change of changes) note(log, change);
    await tellAll();
  }

  /** What an earlier controller kept and could not tell is among them. */
  async function tellAll(): Promise<void> {
    const untold = await incidents.untold();
    const newest = untold.at(-1);
    if (newest === undefined) return;
    try {
      await notifier()?.tell(untold.map(({ change }) => change));
    } catch (error) {
      log.error({ error }, `${untold.length} changes could not be told (${messageOf(error)}); with the next round again`);
      return;
    }
    await incidents.told(newest);
  }

  return {
    observe: (observation, policy) => inTurn(() => observe(observation, policy)),
    lasting: () => [...state.tracks.values()].flatMap(({ incident }) => incident ?? []),
    list: (query) => incidents.list(query),
  };
}

/** Most rounds find what the one before found: no line on the disk for that. */
const isChanged = (before: IncidentState, after: IncidentState): boolean => formatState(before) !== formatState(after);

async function readState(stored: Promise<string | null>): Promise<IncidentState> {
  const text = await stored;
  if (text === null) return NOTHING_YET;
  try {
    return parseState(text);
  } catch (error) {
    throw new AppError('failed', `the history holds lasting incidents that this version cannot read: ${messageOf(error)}`, {
      hint: 'move history.db in the state_dir away: the past events are lost then, and lasting ones are told again',
      cause: error,
    });
  }
}

function note(log: Log, { type, incident, reason }: IncidentChange): void {
  const { id, service, event, kind, message } = incident;
  const line = `${type === 'ended' ? 'over' : 'trouble'}: ${message} (${reason})`;
  const fields = { incident: id, service, event, kind };
  if (type === 'changed') log.debug(fields, line);
  else if (type === 'opened' && event !== null) log.error(fields, line);
  else log.info(fields, line);
}
