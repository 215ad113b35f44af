import { join } from 'node:path';
import { linkSignals } from '../../shared/abort.js';
import { messageOf } from '../../shared/errors.js';
import { createInTurn } from '../../shared/in-turn.js';
import type { Log } from '../../shared/log.js';
import type { IncidentChange } from '../../shared/model/incident.js';
import type { MailReport } from '../../shared/model/mail.js';
import type { Clock } from '../../shared/ports/clock.js';
import type { ClusterConfig } from '../config/cluster.js';
import { EMPTY_BOOK, note } from './book.js';
import { createCourier } from './courier.js';
import { afterMail, decide, SHARE_MS } from './decide.js';
import { type Ledger, readLedger, writeLedger } from './ledger.js';
import { startLoop } from './loop.js';
import { openMailQueue } from './queue.js';
import { mailReportOf } from './report.js';
import { createSmtp } from './smtp.js';
import { writeMail } from './write-mail.js';

/** Mails what happens to the cluster: each change once, a reminder while it lasts, never more than so many an hour, and nothing is lost. */
export interface Notifier {
  /**
   * Resolves when what is to be mailed is on the disk; a change that is told again is not mailed again. Errors: `failed` (the disk).
   * Without `toaddrs` nothing is kept: trouble that lasts is mailed when there are some.
   */
  tell(changes: readonly IncidentChange[]): Promise<void>;
  /** What begins from now on is not mailed, until the answer is called; what lasts is, when it is told again. */
  hush(): () => void;
  report(): MailReport;
  /** The mail in hand is finished if that goes quickly; what waits is sent by the next one who opens this folder. */
  stop(): Promise<void>;
}

export interface NotifierDeps {
  /** The newest version of cluster.ini. */
  readonly config: () => ClusterConfig;
  readonly clock: Clock;
  readonly log: Log;
}

export interface NotifierOptions {
  /** Name of this host, for the commands in the mails. */
  readonly host: string;
  /**
   * This process ends with its action: what there is to mail is offered to the server once more before. One that stays mails what begins
   * only as long as the cluster is monitored.
   */
  readonly single: boolean;
}

const FLUSH_MS = 25_000;
const GRACE_MS = 3_000;
/** Longest end of a notifier. */
export const STOP_MS = FLUSH_MS + 4 * GRACE_MS;

/** Errors: `failed` (a file in `STATE_DIR/mail` that cannot be read, or that folder). */
export async function startNotifier({ config, clock, log }: NotifierDeps, { host, single }: NotifierOptions): Promise<Notifier> {
  const folder = mailFolderOf(config());
  const path = join(folder, 'ledger.json');
  const queue = await openMailQueue(folder, clock.now());
  let ledger = await readLedger(path, clock.now());
  let saidSo = false;
  let quiet = 0;

  /** One after the other: what stands is what is on the disk. */
  const inTurn = createInTurn();
  const keep = async (next: Ledger): Promise<void> => {
    await writeLedger(path, next);
    ledger = next;
  };

  /** A mail that was written goes into the queue; a crash before that leaves it to the next start. */
  async function enqueue(): Promise<void> {
    if (ledger.written === null) return;
    await queue.put(ledger.written);
    await keep({ ...ledger, written: null });
  }

  const writeDue = (): Promise<number | null> =>
    inTurn(async () => {
      await enqueue();
      const now = clock.now();
      const { mail, monitor } = config();
      if (mail === null) return null;
      const decision = decide(ledger.book, monitor, now);
      if (decision.action === 'wait') return decision.until;
      const written = writeMail(decision.notices, mail, { ...decision, config: config(), host, now });
      await keep({ book: afterMail(ledger.book, decision.notices, written.messageId, now), written });
      await enqueue();
      log.info({ mail: written.id, subject: written.subject, why: decision.reason }, 'mail written');
      couriers.wake();
      return now;
    });

  const courier = createCourier({
    queue,
    send: () => {
      const { mail } = config();
      return mail === null ? null : createSmtp(mail);
    },
    clock,
    log,
  });
  const couriers = startLoop((signal) => courier.deliver(signal), { clock, log, complaint: 'mails that wait are not sent' });
  const writers = startLoop(writeDue, { clock, log, complaint: 'mails are not written' });

  /** What shares a mail, and then the queue. */
  async function flushAll(): Promise<void> {
    using bound = linkSignals([], FLUSH_MS, 'sending the mails that wait');
    try {
      for (let next = await writeDue(); next !== null && next <= clock.now() + SHARE_MS; next = await writeDue())
        await clock.sleep(next - clock.now(), bound.signal);
      await courier.deliver(bound.signal);
    } catch (error) {
      log.warn({ why: messageOf(error) }, 'mails wait for the next ctl');
    }
  }

  return {
    async tell(changes) {
      if (config().mail === null) {
        if (!saidSo) log.warn('no mail is sent: toaddrs, mailhost or fromaddr is not set in cluster.ini');
        saidSo = true;
        return inTurn(async () => {
          if (ledger.book.pending.length + ledger.book.told.length > 0) await keep({ ...ledger, book: EMPTY_BOOK });
        });
      }
      saidSo = false;
      await inTurn(async () => {
        const known = new Set([...ledger.book.told, ...ledger.book.pending].map(({ incident }) => incident.id));
        const isMailed = quiet === 0 && (single || config().monitor.intervalMs > 0);
        const heard = isMailed ? changes : changes.filter(({ incident }) => known.has(incident.id));
        const book = note(ledger.book, heard, clock.now());
        // Seen again: not worth the disk, whoever tells it says so again.
        if (book.pending === ledger.book.pending) ledger = { ...ledger, book };
        else await keep({ ...ledger, book });
      });
      writers.wake();
    },
    hush() {
      quiet += 1;
      return () => void (quiet -= 1);
    },
    report: () => mailReportOf(config().mail, queue.mails(), courier.blocked()),
    async stop() {
      await writers.stop(GRACE_MS);
      await couriers.stop(GRACE_MS);
      if (single) await flushAll();
      await inTurn(() => Promise.resolve());
    },
  };
}

/** Where mails wait. */
export const mailFolderOf = ({ controller }: ClusterConfig): string => join(controller.stateDir, 'mail');
