import { z } from 'zod';
import { type Incident, INCIDENT_KINDS } from '../../shared/model/incident.js';
import type { Place } from './observation.js';

/** What is remembered from one decision to the next. */
export interface IncidentState {
  /** Incidents that were opened, ever: the next one's number. */
  readonly opened: number;
  /** What was bad lately, or lasts. */
  readonly tracks: ReadonlyMap<string, Track>;
  /** The start that each Zope was last seen to run since, by its service. */
  readonly starts: ReadonlyMap<string, ZopeStart>;
}

/** One place at which there is trouble, or may be. */
export interface Track {
  readonly place: Place;
  /** Rounds in a row. */
  readonly bad: number;
  readonly good: number;
  /** Epoch ms of the first bad one. */
  readonly since: number;
  /** null: it does not count yet. */
  readonly incident: Incident | null;
  /** Of critical log entries: the start after which they came. */
  readonly start: ZopeStart | null;
}

/** What tells one start of a Zope from the next; null: not known. */
export interface ZopeStart {
  /** Time of its start marker, as the log has it. */
  readonly marker: string | null;
  readonly process: string | null;
  /** Time of the critical entry, as the log has it. */
  readonly entry: string | null;
}

export const NOTHING_YET: IncidentState = { opened: 0, tracks: new Map(), starts: new Map() };

const PLACE = z.object({
  service: z.string().nullable(),
  host: z.string().nullable(),
  event: z.union([z.literal([1, 2, 3, 4, 5]), z.null()]),
  kind: z.enum(INCIDENT_KINDS),
});
/** As it is kept in files. */
export const INCIDENT: z.ZodType<Incident> = PLACE.extend({
  id: z.string(),
  message: z.string(),
  expected: z.string().nullable(),
  got: z.string().nullable(),
  logEntry: z.string().nullable(),
  first: z.number(),
  last: z.number(),
  count: z.number(),
  ended: z.number().nullable(),
  action: z.string().nullable(),
});

const START = z.object({ marker: z.string().nullable(), process: z.string().nullable(), entry: z.string().nullable() });
const TRACK = z.object({
  place: PLACE,
  bad: z.number(),
  good: z.number(),
  since: z.number(),
  incident: INCIDENT.nullable(),
  start: START.nullable(),
});
const STATE = z.object({
  opened: z.number(),
  tracks: z.array(z.tuple([z.string(), TRACK])),
  starts: z.array(z.tuple([z.string(), START])),
});

export const formatState = ({ opened, tracks, starts }: IncidentState): string =>
  JSON.stringify({ opened, tracks: [...tracks], starts: [...starts] });

/** Throws for a text that `formatState` did not write. */
export function parseState(text: string): IncidentState {
  const { opened, tracks, starts } = STATE.parse(JSON.parse(text));
  return { opened, tracks: new Map(tracks), starts: new Map(starts) };
}
