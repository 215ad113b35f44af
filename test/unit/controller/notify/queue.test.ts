import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { EMPTY_BOOK, note } from '../../../../controller/notify/book.js';
import { afterMail } from '../../../../controller/notify/decide.js';
import { readLedger, writeLedger } from '../../../../controller/notify/ledger.js';
import { openMailQueue, readMailQueue } from '../../../../controller/notify/queue.js';
import { AppError } from '../../../../shared/errors.js';
import { aMail, anIncident, NOW, opened } from './fixtures.js';

const DAY = 86_400_000;
let folder: string;
beforeEach(async () => void (folder = await mkdtemp(join(tmpdir(), 'ctl-mail-'))));
afterEach(() => rm(folder, { recursive: true, force: true }));

const reasonOf = (work: Promise<unknown>) => work.then(() => null).catch((error: unknown) => (error instanceof AppError ? error : null));

describe('the queue', () => {
  it('keeps mails over a restart, the oldest first', async () => {
    const queue = await openMailQueue(folder, NOW);
    await queue.put(aMail({ id: 'late', at: NOW + 1 }));
    await queue.put(aMail({ id: 'early', at: NOW, references: ['<1@x>'], inReplyTo: '<1@x>' }));
    const { waiting, givenUp } = (await openMailQueue(folder, NOW)).mails();
    expect(waiting).toEqual([
      aMail({ id: 'early', at: NOW, references: ['<1@x>'], inReplyTo: '<1@x>' }),
      aMail({ id: 'late', at: NOW + 1 }),
    ]);
    expect(givenUp).toEqual([]);
  });

  it('keeps what is left of a mail, and what was given up of it, apart', async () => {
    const queue = await openMailQueue(folder, NOW);
    await queue.put(aMail());
    await queue.settle('mail-1', aMail({ to: ['ops@example.org'], attempts: 1 }), aMail({ to: ['boss@example.org'], attempts: 1 }));
    expect(await readMailQueue(folder)).toEqual({
      waiting: [aMail({ to: ['ops@example.org'], attempts: 1 })],
      givenUp: [aMail({ to: ['boss@example.org'], attempts: 1 })],
    });
    await queue.settle('mail-1', null, aMail({ to: ['ops@example.org'], attempts: 2 }));
    expect(queue.mails()).toEqual({ waiting: [], givenUp: [aMail({ to: ['boss@example.org', 'ops@example.org'], attempts: 2 })] });
    expect(await readMailQueue(folder)).toEqual(queue.mails());
  });

  it('forgets a mail that has arrived', async () => {
    const queue = await openMailQueue(folder, NOW);
    await queue.put(aMail());
    await queue.settle('mail-1', null, null);
    expect(await readMailQueue(folder)).toEqual({ waiting: [], givenUp: [] });
  });

  it('keeps what was given up for 90 days', async () => {
    const queue = await openMailQueue(folder, NOW);
    for (const [id, at] of [
      ['old', NOW - 90 * DAY - 1],
      ['young', NOW - 89 * DAY],
    ] as const)
      await queue.settle(id, null, aMail({ id, at }));
    expect((await openMailQueue(folder, NOW)).mails().givenUp.map(({ id }) => id)).toEqual(['young']);
  });

  it('is empty where there is none yet, also for one who only looks', async () => {
    expect(await readMailQueue(join(folder, 'none'))).toEqual({ waiting: [], givenUp: [] });
    expect(await readdir(folder)).toEqual([]);
  });

  it('removes the half of a file that a killed process left', async () => {
    await mkdir(join(folder, 'queue'));
    await writeFile(join(folder, 'queue', '.mail-1.json.99.0.tmp'), '{"schema":1,"ma');
    expect((await openMailQueue(folder, NOW)).mails().waiting).toEqual([]);
    expect(await readdir(join(folder, 'queue'))).toEqual([]);
  });

  it.each([
    ['cut off', '{"schema":1,'],
    ['of another version', '{"schema":2,"mail":{}}'],
    ['with a name that leads elsewhere', JSON.stringify({ schema: 1, mail: aMail({ id: '../../etc/passwd' }) })],
  ])('does not take a file that is %s for an empty queue', async (_, text) => {
    await mkdir(join(folder, 'queue'));
    await writeFile(join(folder, 'queue', 'mail-1.json'), text);
    const error = await reasonOf(openMailQueue(folder, NOW));
    expect(error).toMatchObject({
      code: 'failed',
      message: `the mail in ${join(folder, 'queue', 'mail-1.json')} can't be read: it does not hold what ctl wrote`,
      hint: 'mend the file, or move it away: that mail is then not sent',
    });
  });
});

describe('the ledger', () => {
  const path = () => join(folder, 'mail', 'ledger.json');
  const book = afterMail(
    note(note(EMPTY_BOOK, [opened({ id: 'a' })], NOW), [opened({ id: 'b', event: null, kind: 'roll', service: null, host: null })], NOW),
    [{ type: 'opened', incident: anIncident({ id: 'a' }), reason: '', thread: null }],
    '<1@x>',
    NOW,
  );

  it('begins empty, and comes back as it was kept', async () => {
    expect(await readLedger(path(), NOW)).toEqual({ book: EMPTY_BOOK, written: null });
    await writeLedger(path(), { book, written: aMail() });
    expect(await readLedger(path(), NOW)).toEqual({ book, written: aMail() });
  });

  it('lets no time lie ahead when the clock was put back', async () => {
    await writeLedger(path(), { book, written: null });
    const { book: read } = await readLedger(path(), NOW - DAY);
    expect([read.pending[0]?.at, read.told[0]?.at, ...read.mailedAt]).toEqual([NOW - DAY, NOW - DAY, NOW - DAY]);
  });

  it('is never taken for an empty one', async () => {
    await writeLedger(path(), { book, written: null });
    await writeFile(path(), '{}');
    expect(await reasonOf(readLedger(path(), NOW))).toMatchObject({
      code: 'failed',
      message: `what is to be mailed can't be read from ${path()}: it does not hold what ctl wrote`,
    });
  });
});
