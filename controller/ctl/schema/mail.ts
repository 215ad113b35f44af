import { z } from 'zod';
import { MAIL_OUTCOMES } from '../../../shared/model/mail.js';
import { exit, isoTime, schemaNumber } from './common.js';

const mail = z.strictObject({
  id: z.string(),
  subject: z.string(),
  to: z.array(z.string()),
  at: isoTime,
  attempts: z.int().min(0),
  /** null: not tried yet. */
  last_error: z.string().nullable(),
});

/** `mail status`. */
export const mailStatus = z.strictObject({
  schema: schemaNumber,
  action: z.literal('mail status'),
  exit,
  /** null: no mail is configured. */
  server: z.string().nullable(),
  to: z.array(z.string()),
  waiting: z.array(mail),
  /** The server refused them for good. */
  given_up: z.array(mail),
  /** Why no mail gets through at the moment. */
  blocked: z.string().nullable(),
  next_try: isoTime.nullable(),
});

/** `mail test`. */
export const mailTest = z.strictObject({
  schema: schemaNumber,
  action: z.literal('mail test'),
  exit,
  server: z.string(),
  outcome: z.enum(MAIL_OUTCOMES),
  accepted: z.array(z.string()),
  refused: z.array(z.strictObject({ to: z.string(), why: z.string() })),
  /** What the server said, answer by answer. */
  answers: z.array(z.string()),
  ms: z.number().min(0),
});
