import type { Incident, IncidentChange } from '../../shared/model/incident.js';
import type { DarkHost, IncidentPolicy, Observation, Place, Trouble } from './observation.js';
import { isWell, keyOf, sightingOfEvent, sightingOfHost, sightingsOf, type Sighting } from './sightings.js';
import { isStartedAnew, joinStarts, startOf } from './starts.js';
import type { IncidentState, Track, ZopeStart } from './state.js';

export interface Decision {
  readonly state: IncidentState;
  readonly changes: readonly IncidentChange[];
}

/**
 * What an observation changes. Trouble opens an incident after as many bad rounds in a row as the policy says, and as many good ones end
 * it; what was not measured counts neither way. There is never more than one incident at a place. Pure; times are epoch ms.
 */
export function decideIncidents(state: IncidentState, observation: Observation, policy: IncidentPolicy, now: number): Decision {
  const draft = createDraft(state, now);
  switch (observation.type) {
    case 'round':
      forgetServices(draft, observation.services);
      if (observation.dark !== null) seeHosts(draft, observation.dark, policy);
      for (const report of observation.reports) {
        if (observation.silent.has(report.name)) continue;
        const start = startOf(report);
        const before = state.starts.get(report.name) ?? null;
        draft.starts.set(report.name, before !== null && isStartedAnew(before, start) ? start : joinStarts(before, start));
        const found = sightingsOf(report, start, now).map((sighting) => escalated(draft, sighting, policy));
        for (const sighting of found) see(draft, sighting, policy);
        const seen = new Set(found.map(keyOf));
        for (const [key, track] of draft.tracks) {
          const { place } = track;
          if (place.service === report.name && !seen.has(key) && isWell(report, place)) recover(draft, key, track, start, policy);
        }
      }
      break;
    case 'agent':
      for (const event of observation.events) {
        if (observation.silent.has(event.service) || !observation.services.has(event.service)) continue;
        see(draft, sightingOfEvent(event, observation.host, state.starts.get(event.service) ?? null), policy);
      }
      break;
    case 'trouble':
      raise(draft, observation.trouble, policy);
      break;
    case 'settled': {
      const key = keyOf(observation.place);
      const track = draft.tracks.get(key);
      if (track !== undefined) end(draft, key, track, observation.why);
      break;
    }
    case 'acted':
      for (const [key, track] of draft.tracks)
        if (track.incident?.service === observation.service) act(draft, key, { ...track, incident: track.incident }, observation.action);
  }
  return draft.done();
}

interface Draft {
  readonly now: number;
  readonly tracks: Map<string, Track>;
  readonly starts: Map<string, ZopeStart>;
  readonly changes: IncidentChange[];
  nextId(): string;
  done(): Decision;
}

function createDraft(state: IncidentState, now: number): Draft {
  let { opened } = state;
  const [tracks, starts] = [new Map(state.tracks), new Map(state.starts)];
  const changes: IncidentChange[] = [];
  return {
    now,
    tracks,
    starts,
    changes,
    nextId: () =>
      `${new Date(now)
        .toISOString()
        .replace(/[-:]|\..*/g, '')
        .replace('T', '-')}-${++opened}`,
    done: () => ({ state: { opened, tracks, starts }, changes }),
  };
}

/** A client that stays busy is late like any other; the warning is over then. */
function escalated(draft: Draft, sighting: Sighting, policy: IncidentPolicy): Sighting {
  if (!sighting.busy) return sighting;
  const late = { ...sighting, event: 5 as const };
  const key = keyOf(sighting);
  const warned = draft.tracks.get(key);
  const rounds = (warned?.bad ?? 0) + 1;
  if (rounds < policy.busyRounds && !isOpen(draft.tracks.get(keyOf(late)))) return sighting;
  if (warned !== undefined) end(draft, key, warned, 'it counts as event 5 now');
  return { ...late, enough: `busy for ${rounds} rounds` };
}

const isOpen = (track: Track | undefined): boolean => track !== undefined && track.incident !== null;

function see(draft: Draft, sighting: Sighting, policy: IncidentPolicy): void {
  const key = keyOf(sighting);
  const before = draft.tracks.get(key);
  const bad = (before?.bad ?? 0) + 1;
  const track: Track = {
    place: before?.place ?? placeOf(sighting),
    bad,
    good: 0,
    since: before?.since ?? sighting.at,
    incident: before?.incident ?? null,
    start: sighting.start === null ? null : joinStarts(before?.start ?? null, sighting.start),
  };
  if (track.incident !== null) {
    const incident = { ...track.incident, ...wordsOf(sighting), last: draft.now, count: track.incident.count + 1 };
    draft.tracks.set(key, { ...track, incident });
    draft.changes.push({ type: 'changed', incident, reason: 'seen again' });
    return;
  }
  const needed = sighting.enough === null && !sighting.busy ? policy.failures : 1;
  if (bad < needed) {
    draft.tracks.set(key, track);
    return;
  }
  open(draft, key, track, sighting, sighting.enough ?? (bad === 1 ? 'seen once, which is enough' : `${bad} bad rounds`));
}

function open(draft: Draft, key: string, track: Track, sighting: Sighting, reason: string): void {
  const incident: Incident = {
    id: draft.nextId(),
    ...track.place,
    ...wordsOf(sighting),
    first: track.since,
    last: draft.now,
    count: track.bad,
    ended: null,
    action: null,
  };
  draft.tracks.set(key, { ...track, incident });
  draft.changes.push({ type: 'opened', incident, reason });
}

/** An agent that is just being restarted is not away: one look is never enough. */
const HOST_FAILURES = 2;

function seeHosts(draft: Draft, dark: readonly DarkHost[], policy: IncidentPolicy): void {
  const sightings = dark.map((one) => sightingOfHost(one, draft.now));
  for (const sighting of sightings) see(draft, sighting, { ...policy, failures: Math.max(policy.failures, HOST_FAILURES) });
  const seen = new Set(sightings.map(keyOf));
  for (const [key, track] of draft.tracks) {
    const { service, kind } = track.place;
    if (service === null && kind === 'unmeasured' && !seen.has(key)) recover(draft, key, track, NO_START, policy);
  }
}

const NO_START: ZopeStart = { marker: null, process: null, entry: null };

const placeOf = ({ service, host, event, kind }: Place): Place => ({ service, host, event, kind });

const wordsOf = ({ message, expected, got, logEntry }: Pick<Sighting, 'message' | 'expected' | 'got' | 'logEntry'>) => ({
  message,
  expected,
  got,
  logEntry,
});

function recover(draft: Draft, key: string, track: Track, start: ZopeStart, policy: IncidentPolicy): void {
  if (track.start !== null && !isStartedAnew(track.start, start)) {
    // Clean, and not started anew: rotated. What the next start is to be told from is known better now.
    draft.tracks.set(key, { ...track, start: joinStarts(track.start, { ...start, entry: track.start.entry }) });
    return;
  }
  const good = track.good + 1;
  if (track.incident === null || good >= policy.recoveries) {
    end(draft, key, track, track.start === null ? `${good} good ${good === 1 ? 'round' : 'rounds'}` : 'started anew, and its log is clean');
    return;
  }
  draft.tracks.set(key, { ...track, bad: 0, good });
}

/** Only what counted is told to be over. */
function end(draft: Draft, key: string, { incident }: Track, reason: string): void {
  draft.tracks.delete(key);
  if (incident !== null) draft.changes.push({ type: 'ended', incident: { ...incident, ended: draft.now }, reason });
}

function raise(draft: Draft, trouble: Trouble, policy: IncidentPolicy): void {
  const key = keyOf(trouble);
  see(draft, { ...trouble, at: draft.now, enough: trouble.reason, busy: false, start: null }, policy);
  const track = draft.tracks.get(key);
  if (!trouble.lasting && track !== undefined) end(draft, key, track, 'told');
}

function act(draft: Draft, key: string, track: Track & { readonly incident: Incident }, action: string): void {
  const incident = { ...track.incident, action };
  draft.tracks.set(key, { ...track, incident });
  draft.changes.push({ type: 'changed', incident, reason: action });
}

function forgetServices(draft: Draft, services: ReadonlySet<string>): void {
  for (const [key, track] of draft.tracks) {
    const { service } = track.place;
    if (service !== null && !services.has(service)) end(draft, key, track, 'no longer in cluster.ini');
  }
  for (const service of draft.starts.keys()) if (!services.has(service)) draft.starts.delete(service);
}
