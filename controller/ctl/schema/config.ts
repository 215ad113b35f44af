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

/** `config show`: of each section every key that it can have. */
export const configShow = z.strictObject({
  schema: schemaNumber,
  action: z.literal('config show'),
  exit,
  file: z.string(),
  sections: z.array(
    z.strictObject({
      name: z.string(),
      line: z.int().nullable(),
      values: z.array(
        z.strictObject({
          key: z.string(),
          /** After inheritance and interpolation; null: not set. */
          value: z.string().nullable(),
          default: z.boolean(),
          file: z.string().nullable(),
          line: z.int().nullable(),
          section: z.string().nullable(),
          meaning: z.string(),
        }),
      ),
    }),
  ),
});

/** `config show --raw`: sections, `DEFAULT` among them, as they are. */
export const configShowRaw = z.record(z.string(), z.record(z.string(), z.string()));

/** `config upgrade`. */
export const configUpgrade = z.strictObject({
  schema: schemaNumber,
  action: z.literal('config upgrade'),
  exit,
  file: z.string(),
  text: z.string(),
  changes: z.array(
    z.strictObject({ line: z.int().nullable(), section: z.string().nullable(), key: z.string().nullable(), why: z.string() }),
  ),
});
