import { z } from 'zod';
import { ERROR_CODES } from '../../../shared/errors.js';
import { EXIT } from '../exit-codes.js';

/** Shapes that several documents share. Imported by the generator of deploy/schema and by tests only: zod is too dear for `ctl` itself. */

export const schemaNumber = z.literal(1);
export const exit = z.literal(Object.values(EXIT));
/** UTC, with milliseconds. */
export const isoTime = z.string().regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
export const rollAction = z.enum(['start', 'restart', 'stop', 'repair', 'rotate', 'purge']);
/** The public names of the steps. */
export const step = z.enum(['out', 'drain', 'stop', 'start', 'check', 'warm', 'in', 'skip', 'fail', 'rotate', 'purge']);

/** What any command says instead of its document when it could not do it. */
export const error = z.strictObject({
  /** Of commands whose output is a stream. */
  type: z.literal('result').optional(),
  schema: schemaNumber,
  action: z.string().nullable(),
  exit,
  /** Of commands whose output is a stream; null: it had not begun. */
  operation: z.string().nullable().optional(),
  error: z.strictObject({ code: z.enum(ERROR_CODES), message: z.string(), hint: z.string().nullable() }),
});
