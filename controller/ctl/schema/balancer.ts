import { z } from 'zod';
import { exit, isoTime, schemaNumber } from './common.js';

const backend = z.strictObject({
  /** null: no service of cluster.ini has this address. */
  service: z.string().nullable(),
  address: z.string(),
  place: z.string(),
  /** null: this balancer keeps its state in no file. */
  in_file: z.enum(['in', 'out', 'absent']).nullable(),
  in_runtime: z.enum(['in', 'out', 'absent', 'unknown']),
  /** null, as the two below: this balancer does not tell. */
  alive: z.boolean().nullable(),
  sessions: z.int().min(0).nullable(),
  in_flight: z.int().min(0).nullable(),
  /** Of a client that was taken out by hand. */
  reason: z.string().nullable(),
  until: isoTime.nullable(),
  by: z.string().nullable(),
});

/** `balancer status|out|in`. */
export const balancers = z.strictObject({
  schema: schemaNumber,
  action: z.enum(['balancer status', 'balancer out', 'balancer in']),
  exit,
  at: isoTime,
  balancers: z.array(
    z.strictObject({
      name: z.string(),
      host: z.string(),
      driver: z.string().nullable(),
      version: z.string().nullable(),
      /** Why it could not be asked. */
      why: z.string().nullable(),
      backends: z.array(backend),
    }),
  ),
  drift: z.array(z.string()),
  notes: z.array(z.string()),
});
