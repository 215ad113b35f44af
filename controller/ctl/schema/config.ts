import { z } from 'zod';
import { exit, schemaNumber } from './common.js';

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

/** `config show --raw`: sections, `DEFAULT` among them, as they are. */
export const configShow = z.record(z.string(), z.record(z.string(), z.string()));
