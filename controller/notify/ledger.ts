import { readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { z } from 'zod';
import { AppError, isErrno, messageOf } from '../../shared/errors.js';
import { makeFolder, writeFileAtomic } from '../../shared/ports/files.js';
import { EMPTY_BOOK, type NoticeBook } from './book.js';
import { queuedMail, type QueuedMail } from './queue.js';
import { INCIDENT_KINDS } from './trouble.js';

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
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return { book: EMPTY_BOOK, written: null };
    throw unreadable(path, messageOf(error), error);
  }
  try {
    const { book, written } = FILE.parse(JSON.parse(text));
    const past = <T extends { readonly at: number }>(one: T): T => ({ ...one, at: Math.min(one.at, now) });
    return {
      book: { pending: book.pending.map(past), told: book.told.map(past), mailedAt: book.mailedAt.map((at) => Math.min(at, now)) },
      written,
    };
  } catch (error) {
    throw unreadable(path, 'it does not hold what ctl wrote', error);
  }
}

/** Resolves when it is on the disk. Errors: `failed`. */
export async function writeLedger(path: string, ledger: Ledger): Promise<void> {
  try {
    await makeFolder(dirname(path));
    await writeFileAtomic(path, `${JSON.stringify({ schema: 1, ...ledger })}\n`);
  } catch (error) {
    throw new AppError('failed', `what is to be mailed can't be kept in ${path}: ${messageOf(error)}`, { cause: error });
  }
}

const incident = z.object({
  id: z.string(),
  service: z.string().nullable(),
  host: z.string().nullable(),
  event: z.literal([1, 2, 3, 4, 5]).nullable(),
  kind: z.enum(INCIDENT_KINDS),
  message: z.string(),
  expected: z.string().nullable(),
  got: z.string().nullable(),
  logEntry: z.string().nullable(),
  first: z.number(),
  last: z.number(),
  count: z.number(),
  ended: z.number().nullable(),
  action: z.string().nullable(),
});

const FILE = z.object({
  schema: z.literal(1),
  book: z.object({
    pending: z.array(z.object({ type: z.enum(['opened', 'ended', 'passed']), incident, reason: z.string(), at: z.number() })),
    told: z.array(z.object({ incident, thread: z.string(), at: z.number(), reminders: z.number() })),
    mailedAt: z.array(z.number()),
  }),
  written: queuedMail.nullable(),
});

const unreadable = (path: string, why: string, cause: unknown) =>
  new AppError('failed', `what is to be mailed can't be read from ${path}: ${why}`, {
    cause,
    hint: 'mend the file, or move it away: trouble that lasts is then mailed again',
  });
