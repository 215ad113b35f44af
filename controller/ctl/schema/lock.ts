import { z } from 'zod';
import { exit, schemaNumber } from './common.js';

const holder = z
  .strictObject({
    what: z.string(),
    by: z.string(),
    host: z.string(),
    pid: z.int().nullable(),
    since: z.string().nullable(),
    alive: z.boolean(),
    why: z.string(),
  })
  .nullable();

export const lock = z.strictObject({
  schema: schemaNumber,
  action: z.literal('lock'),
  exit,
  path: z.string(),
  /** null: it is free. */
  holder,
  /** null: nothing was taken away. */
  removed: holder,
});
