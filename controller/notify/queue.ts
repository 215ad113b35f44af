import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { AppError, isErrno, messageOf } from '../../shared/errors.js';
import { makeFolder, writeFileAtomic } from '../../shared/ports/files.js';

/** A mail on its way, one file each. Times are epoch ms. */
export interface QueuedMail {
  /** Name of its file; made of letters, digits, `.`, `_`, `-`. */
  readonly id: string;
  /** In angle brackets. It stays the same however often the mail is tried: who gets it twice can tell. */
  readonly messageId: string;
  readonly inReplyTo: string | null;
  readonly references: readonly string[];
  readonly from: string;
  /** Who has still to get it; in the end those who never will. */
  readonly to: readonly string[];
  readonly subject: string;
  readonly text: string;
  /** When it was written. */
  readonly at: number;
  readonly attempts: number;
  /** Why it is still here; null: it was not tried yet. */
  readonly lastError: string | null;
}

/** Both with the oldest first. */
export interface QueuedMails {
  readonly waiting: readonly QueuedMail[];
  /** Nobody will take them: kept aside. `to` is who does not get it. */
  readonly givenUp: readonly QueuedMail[];
}

/** What a promise of it resolves for is on the disk. Errors: `failed`. */
export interface MailQueue {
  mails(): QueuedMails;
  /** Adds a mail. */
  put(mail: QueuedMail): Promise<void>;
  /** After it was tried: what is left of it to be tried again, and what is given up; null: nothing. */
  settle(id: string, left: QueuedMail | null, givenUp: QueuedMail | null): Promise<void>;
}

/** What was given up is kept so long. */
const KEEP_MS = 90 * 86_400_000;

/**
 * Opens the queue in `folder` for the one process that works on it. Errors: `failed` (a file of it that cannot be read: never taken for an
 * empty queue).
 */
export async function openMailQueue(folder: string, now: number): Promise<MailQueue> {
  const [waiting, givenUp] = [placeIn(folder, WAITING), placeIn(folder, GIVEN_UP)];
  for (const place of [waiting, givenUp]) {
    await onDisk(place, () => clean(place.folder));
    for (const mail of await readMails(place.folder)) place.mails.set(mail.id, mail);
  }
  for (const { id, at } of [...givenUp.mails.values()]) if (at < now - KEEP_MS) await drop(givenUp, id);

  return {
    mails: () => ({ waiting: byAge(waiting.mails.values()), givenUp: byAge(givenUp.mails.values()) }),
    put: (mail) => store(waiting, mail),
    async settle(id, left, refused) {
      // In this order: a crash in between leaves who is given up among those who wait, to be tried, and given up, again.
      if (refused !== null) {
        const before = givenUp.mails.get(id)?.to ?? [];
        await store(givenUp, { ...refused, to: [...new Set([...before, ...refused.to])] });
      }
      await (left === null ? drop(waiting, id) : store(waiting, left));
    },
  };
}

/** What lies in the queue now, also while another process works on it. Errors: `failed`. */
export async function readMailQueue(folder: string): Promise<QueuedMails> {
  const [waiting, givenUp] = [await readMails(join(folder, WAITING)), await readMails(join(folder, GIVEN_UP))];
  return { waiting: byAge(waiting), givenUp: byAge(givenUp) };
}

const WAITING = 'queue';
const GIVEN_UP = 'given-up';

interface Place {
  readonly folder: string;
  readonly mails: Map<string, QueuedMail>;
}

const placeIn = (folder: string, name: string): Place => ({ folder: join(folder, name), mails: new Map() });

const byAge = (mails: Iterable<QueuedMail>): QueuedMail[] => [...mails].sort((a, b) => a.at - b.at || a.id.localeCompare(b.id));

const fileOf = ({ folder }: Place, id: string): string => join(folder, `${id}.json`);

const store = (place: Place, mail: QueuedMail): Promise<void> =>
  onDisk(place, async () => {
    await writeFileAtomic(fileOf(place, mail.id), `${JSON.stringify({ schema: 1, mail })}\n`);
    place.mails.set(mail.id, mail);
  });

const drop = (place: Place, id: string): Promise<void> =>
  onDisk(place, async () => {
    await rm(fileOf(place, id), { force: true });
    place.mails.delete(id);
  });

/** Makes the folder, and removes the halves of files that a killed process left: nobody was told that those were there. */
async function clean(folder: string): Promise<void> {
  await makeFolder(folder);
  for (const name of await readdir(folder)) if (name.endsWith('.tmp')) await rm(join(folder, name), { force: true });
}

async function onDisk({ folder }: Place, change: () => Promise<void>): Promise<void> {
  try {
    await change();
  } catch (error) {
    throw new AppError('failed', `the mails that wait can't be kept in ${folder}: ${messageOf(error)}`, { cause: error });
  }
}

export const queuedMail = z.object({
  id: z.string().regex(/^\w[\w.-]*$/),
  messageId: z.string(),
  inReplyTo: z.string().nullable(),
  references: z.array(z.string()),
  from: z.string(),
  to: z.array(z.string()),
  subject: z.string(),
  text: z.string(),
  at: z.number(),
  attempts: z.number(),
  lastError: z.string().nullable(),
});
const FILE = z.object({ schema: z.literal(1), mail: queuedMail });

async function readMails(folder: string): Promise<QueuedMail[]> {
  const names = await readdir(folder).catch((error: unknown) => {
    if (isErrno(error, 'ENOENT')) return [];
    throw unreadable(folder, messageOf(error), error);
  });
  const mails: QueuedMail[] = [];
  for (const name of names) if (name.endsWith('.json')) mails.push(...(await readMail(join(folder, name))));
  return mails;
}

/** None if it has gone meanwhile. */
async function readMail(path: string): Promise<QueuedMail[]> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return [];
    throw unreadable(path, messageOf(error), error);
  }
  try {
    return [FILE.parse(JSON.parse(text)).mail];
  } catch (error) {
    throw unreadable(path, 'it does not hold what ctl wrote', error);
  }
}

const unreadable = (path: string, why: string, cause: unknown) =>
  new AppError('failed', `the mail in ${path} can't be read: ${why}`, {
    cause,
    hint: 'mend the file, or move it away: that mail is then not sent',
  });
