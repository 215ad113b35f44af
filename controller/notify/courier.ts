import { type Backoff, createBackoff } from '../../shared/rpc/backoff.js';
import type { Log } from '../../shared/log.js';
import type { Clock } from '../../shared/ports/clock.js';
import type { Delivery, Refusal } from './delivery.js';
import type { MailQueue, QueuedMail } from './queue.js';
import type { SendMail } from './smtp.js';

/** Brings the mails of the queue to the SMTP server, the oldest first. */
export interface Courier {
  /**
   * Offers every mail that is due; answers when one is due again (epoch ms), null if none waits or no mail is configured. A mail that the
   * server does not take now is tried again, ever more seldom; one that it refuses for good is given up, loudly. Errors: `failed` (the disk).
   */
  deliver(signal: AbortSignal): Promise<number | null>;
  /** Why no mail gets through at the moment, and until when it is not tried (epoch ms). */
  blocked(): Blocked | null;
}

export interface Blocked {
  readonly why: string;
  readonly until: number;
}

export interface CourierDeps {
  readonly queue: MailQueue;
  /** By the configuration as it is now; null: no mail is configured. */
  readonly send: () => SendMail | null;
  readonly clock: Clock;
  readonly log: Log;
}

const BACKOFF = { initialMs: 2_000, maxMs: 300_000 };

export function createCourier({ queue, send, clock, log }: CourierDeps): Courier {
  const retries = new Map<string, { readonly backoff: Backoff; readonly at: number }>();
  const pause = createBackoff(BACKOFF);
  let blocked: Blocked | null = null;

  async function offer(mail: QueuedMail, smtp: SendMail, signal: AbortSignal): Promise<void> {
    const delivery = await smtp(mail, signal);
    const tried = { ...mail, attempts: mail.attempts + 1 };
    const { later, never } = delivery;
    const left = later.length === 0 ? null : { ...tried, to: recipients(later), lastError: reasons(later) };
    const refused = never.length === 0 ? null : { ...tried, to: recipients(never), lastError: reasons(never) };
    await queue.settle(mail.id, left, refused);
    tell(mail, delivery);
    blocked = blockedBy(delivery);
    if (left === null) retries.delete(mail.id);
    else if (blocked === null) {
      const backoff = retries.get(mail.id)?.backoff ?? createBackoff(BACKOFF);
      retries.set(mail.id, { backoff, at: clock.now() + backoff.next() });
    }
  }

  function blockedBy({ blocked: why }: Delivery): Blocked | null {
    if (why !== null) {
      if (blocked?.why !== why) log.error({ why }, `no mail gets through; what waits is tried again: ${why}`);
      return { why, until: clock.now() + pause.next() };
    }
    if (blocked !== null) log.info('mail gets through again');
    pause.reset();
    return null;
  }

  function tell({ id, subject }: QueuedMail, { accepted, later, never, blocked: why }: Delivery): void {
    if (accepted.length > 0) log.info({ mail: id, to: accepted, subject }, 'mail accepted');
    if (later.length > 0 && why === null)
      log.warn({ mail: id, to: recipients(later), why: reasons(later) }, 'mail not taken now: tried again');
    if (never.length > 0)
      log.error({ mail: id, to: recipients(never), why: reasons(never), subject }, 'mail refused for good: `ctl mail status` shows it');
  }

  return {
    blocked: () => blocked,
    async deliver(signal) {
      for (const mail of queue.mails().waiting) {
        const smtp = send();
        if (smtp === null) return null;
        if (blocked !== null && blocked.until > clock.now()) return blocked.until;
        if ((retries.get(mail.id)?.at ?? 0) <= clock.now()) await offer(mail, smtp, signal);
      }
      const waiting = queue.mails().waiting.map(({ id }) => retries.get(id)?.at ?? clock.now());
      return waiting.length === 0 ? null : Math.max(Math.min(...waiting), blocked?.until ?? 0);
    },
  };
}

const recipients = (refusals: readonly Refusal[]): string[] => refusals.map(({ to }) => to);

/** Each reason once, with whom it is about if they differ. */
function reasons(refusals: readonly Refusal[]): string {
  const whys = [...new Set(refusals.map(({ why }) => why))];
  return whys.length === 1 ? whys.join('') : refusals.map(({ to, why }) => `${to}: ${why}`).join('; ');
}
