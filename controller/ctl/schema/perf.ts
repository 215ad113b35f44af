import { z } from 'zod';
import { exit, isoTime, schemaNumber } from './common.js';

/** null: it was not timed then. */
const figures = z
  .strictObject({ count: z.int().positive(), p50_s: z.number().min(0), p95_s: z.number().min(0), max_s: z.number().min(0) })
  .nullable();

/** `ctl perf --json`. */
export const perf = z.strictObject({
  schema: schemaNumber,
  action: z.literal('perf'),
  exit,
  /** The last week; the week before ends where it begins. */
  from: isoTime,
  to: isoTime,
  pages: z.array(z.strictObject({ service: z.string(), host: z.string(), url: z.string(), week: figures, week_before: figures })),
  warnings: z.array(z.string()),
});
