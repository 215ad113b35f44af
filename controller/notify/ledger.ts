import { z } from 'zod';
import { INCIDENT } from '../incidents/state.js';
import { createStateFile } from '../state-file.js';
import { EMPTY_BOOK, type NoticeBook } from './book.js';
import { queuedMail, type QueuedMail } from './queue.js';

/**
 * The book, with the mail that was written last until it is in the queue: so a change that is told and the mail that tells it are noted in
 * one stroke, and a crash neither loses a mail nor writes it twice.
 */
export interface Ledger {
  readonly book: NoticeBook;
  readonly written: QueuedMail | null;
}

/** Errors: `failed` (a file that cannot be read: never taken for an empty one). Times that lie ahead of `now` are brought back to it. */
export async function readLedger(path: string, now: number): Promise<Ledger> {
  const ledger = await fileAt(path).read();
  if (ledger === null) return { book: EMPTY_BOOK, written: null };
  const { book, written } = ledger;
  const past = <T extends { readonly at: number }>(one: T): T => ({ ...one, at: Math.min(one.at, now) });
  return {
    book: { pending: book.pending.map(past), told: book.told.map(past), mailedAt: book.mailedAt.map((at) => Math.min(at, now)) },
    written,
  };
}

/** Resolves when it is on the disk. Errors: `failed`. */
export const writeLedger = (path: string, { book, written }: Ledger): Promise<void> => fileAt(path).write({ schema: 1, book, written });

const FILE: z.ZodType<Ledger & { readonly schema: 1 }> = z.object({
  schema: z.literal(1),
  book: z.object({
    pending: z.array(z.object({ type: z.enum(['opened', 'ended', 'passed']), incident: INCIDENT, reason: z.string(), at: z.number() })),
    told: z.array(z.object({ incident: INCIDENT, thread: z.string(), at: z.number(), reminders: z.number() })),
    mailedAt: z.array(z.number()),
  }),
  written: queuedMail.nullable(),
});

const fileAt = (path: string) =>
  createStateFile(path, {
    schema: FILE,
    what: 'what is to be mailed',
    hint: 'mend the file, or move it away: trouble that lasts is then mailed again',
  });
