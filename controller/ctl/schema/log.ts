import { z } from 'zod';
import { exit, isoTime, schemaNumber } from './common.js';

const entry = z.strictObject({
  /** `context`: beside a hit (`--context`), not one itself. */
  type: z.enum(['hit', 'context']),
  service: z.string(),
  host: z.string(),
  file: z.string(),
  /** null: the entry has no time stamp. */
  time: isoTime.nullable(),
  level: z.string().nullable(),
  /** Where the entry begins in the file; of an archive that is packed, in what is packed. */
  offset_bytes: z.int().min(0),
  lines: z.int().min(1),
  text: z.string(),
});

const count = z.int().min(0);

const result = z.strictObject({
  type: z.literal('result'),
  schema: schemaNumber,
  action: z.literal('log'),
  exit,
  /** null: only lines were counted. */
  hits: count.nullable(),
  matching_lines: count,
  /** There is more than was shown: beyond `--max`, `--tail`, or because it was interrupted. */
  truncated: z.boolean(),
  /** Hits that were found and not shown. */
  more: count,
  services: z.array(
    z.strictObject({
      name: z.string(),
      hits: count.nullable(),
      matching_lines: count,
      /** null: it was interrupted. */
      scanned_bytes: count.nullable(),
      /** Why it could not be searched, or not all of it. */
      why: z.string().nullable(),
      host: z.string(),
      notes: z.array(z.string()),
    }),
  ),
});

/** A line of `ctl log --json`. */
export const logLine = z.union([entry, result]);

/** `ctl log stats --json`. */
export const logStats = z.strictObject({
  schema: schemaNumber,
  action: z.literal('log stats'),
  exit,
  services: z.array(
    z.strictObject({
      name: z.string(),
      host: z.string(),
      scanned_bytes: count,
      why: z.string().nullable(),
      notes: z.array(z.string()),
      entries: count.nullable(),
      first: isoTime.nullable(),
      last: isoTime.nullable(),
      levels: z.array(z.strictObject({ level: z.string().nullable(), entries: count })).nullable(),
      messages: z
        .array(
          z.strictObject({
            text: z.string(),
            level: z.string().nullable(),
            entries: count,
            first: isoTime.nullable(),
            last: isoTime.nullable(),
          }),
        )
        .nullable(),
    }),
  ),
});
