import { z } from 'zod';
import { exit, isoTime, schemaNumber } from './common.js';
import { service, unmeasured, usedMemory } from './report.js';

const kb = z.union([z.strictObject({ ok: z.literal(true), kb: z.number().min(0) }), unmeasured]);

const child = z.strictObject({
  pid: z.int().positive(),
  parent: z.int().min(0),
  command: z.string(),
  rss: kb,
  /** null: not asked for. */
  pss: kb.nullable(),
});

/** `ctl mem --json`: of each service only what is of its process was looked at. */
export const memory = z.strictObject({
  schema: schemaNumber,
  action: z.literal('mem'),
  exit,
  at: isoTime,
  services: z.array(
    service.extend({
      memory: z.union([
        usedMemory.extend({
          /** If it goes on growing like this; null: never, or not known. */
          limit_reached_at: isoTime.nullable(),
          /** null, both: not asked for. */
          pss: kb.nullable(),
          tree: z.union([z.strictObject({ ok: z.literal(true), processes: z.array(child) }), unmeasured]).nullable(),
        }),
        unmeasured,
        z.null(),
      ]),
    }),
  ),
  warnings: z.array(z.string()),
});
