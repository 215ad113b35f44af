import { z } from 'zod';
import { exit, isoTime, schemaNumber } from './common.js';

/** `config check`. */
export const configCheck = z.strictObject({
  schema: schemaNumber,
  action: z.literal('config check'),
  exit,
  problems: z.array(
    z.strictObject({
      severity: z.enum(['error', 'warning']),
      file: z.string(),
      line: z.int().nullable(),
      section: z.string().nullable(),
      key: z.string().nullable(),
      message: z.string(),
      hint: z.string().nullable(),
    }),
  ),
});

/** `config diff`. */
export const configDiff = z.strictObject({
  schema: schemaNumber,
  action: z.literal('config diff'),
  exit,
  file: z.string(),
  loaded: isoTime,
  changes: z.array(
    z.strictObject({
      section: z.string(),
      key: z.string(),
      before: z.string().nullable(),
      after: z.string().nullable(),
      line: z.int().nullable(),
    }),
  ),
  refusals: z.array(z.string()),
});

/** `config show --raw`: sections, `DEFAULT` among them, as they are. */
export const configShow = z.record(z.string(), z.record(z.string(), z.string()));
