import { z } from 'zod';
import { INCIDENT_KINDS } from '../../../shared/model/incident.js';
import { exit, isoTime, schemaNumber } from './common.js';

export const events = z.strictObject({
  schema: schemaNumber,
  action: z.literal('events'),
  exit,
  /** Oldest first. */
  events: z.array(
    z.strictObject({
      id: z.string(),
      /** null: it concerns a host, or the cluster. */
      service: z.string().nullable(),
      host: z.string().nullable(),
      /** null: not critical. */
      event: z.literal([1, 2, 3, 4, 5]).nullable(),
      kind: z.enum(INCIDENT_KINDS),
      first: isoTime,
      last: isoTime,
      /** null: it lasts. */
      ended: isoTime.nullable(),
      /** How often it was seen. */
      count: z.int().min(1),
      open: z.boolean(),
      message: z.string(),
      expected: z.string().nullable(),
      got: z.string().nullable(),
      log_entry: z.string().nullable(),
      /** What ctl did about it last. */
      action: z.string().nullable(),
    }),
  ),
});
