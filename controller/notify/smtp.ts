import { linkSignals, throwIfAborted } from '../../shared/abort.js';
import type { MailConfig } from '../config/cluster.js';
import { trustedAuthorities } from './authorities.js';
import { type Delivery, deliveryOf, failedDelivery } from './delivery.js';
import { createDialogue } from './dialogue.js';
import { serverOf } from './server.js';
import type { QueuedMail } from './queue.js';

/** What goes over the wire of a mail. */
export type OutgoingMail = Pick<QueuedMail, 'messageId' | 'inReplyTo' | 'references' | 'from' | 'to' | 'subject' | 'text' | 'at'>;

/**
 * Offers one mail to the SMTP server, over a connection of its own, and tells what became of it for each recipient. What the server or the
 * network does wrong is in the answer; it rejects only with the reason of the signal. The password is in nothing that it tells.
 */
export type SendMail = (mail: OutgoingMail, signal: AbortSignal) => Promise<Delivery>;

/** How long a server may take: to be reached, to greet, to say anything, and for all of it. */
export interface SmtpTimeouts {
  readonly connectionMs: number;
  readonly greetingMs: number;
  readonly silenceMs: number;
  readonly totalMs: number;
}

/** A server that holds callers up on purpose (greet delays) takes some seconds; one that scans what it gets does too. */
const TIMEOUTS: SmtpTimeouts = { connectionMs: 10_000, greetingMs: 20_000, silenceMs: 60_000, totalMs: 180_000 };

export function createSmtp(config: MailConfig, timeouts: SmtpTimeouts = TIMEOUTS): SendMail {
  return async (mail, signal) => {
    const dialogue = createDialogue(config.login);
    using bound = linkSignals([signal], timeouts.totalMs, `talking to ${serverOf(config)}`);
    try {
      // Only for a mail: most of what ctl does needs none.
      const { createTransport } = await import('nodemailer');
      const ca = config.tls === 'none' ? undefined : await trustedAuthorities(config.caFile);
      const options = { ...connectionOf(config, timeouts), tls: { ca }, logger: dialogue.logger, transactionLog: true };
      const info = await createTransport(options).sendMail({ ...messageOf(mail), signal: bound.signal });
      return deliveryOf(mail.to, info, dialogue);
    } catch (error) {
      throwIfAborted(signal);
      return failedDelivery(mail.to, bound.signal.aborted ? bound.signal.reason : error, dialogue, serverOf(config));
    }
  };
}

/** `starttls` insists on it and `none` does not try it: how the password travels is not for the server to choose. */
const connectionOf = ({ host, port, tls, login }: MailConfig, timeouts: SmtpTimeouts) => ({
  host,
  port,
  secure: tls === 'tls',
  requireTLS: tls === 'starttls',
  ignoreTLS: tls === 'none',
  ...(login === null ? {} : { auth: { user: login.user, pass: login.password.reveal() }, forceAuth: true }),
  connectionTimeout: timeouts.connectionMs,
  dnsTimeout: timeouts.connectionMs,
  greetingTimeout: timeouts.greetingMs,
  socketTimeout: timeouts.silenceMs,
  disableFileAccess: true,
  disableUrlAccess: true,
});

/** `Auto-Submitted` (RFC 3834) and its cousin of Exchange: nobody's holiday notice is to answer. */
const messageOf = ({ messageId, inReplyTo, references, from, to, subject, text, at }: OutgoingMail) => ({
  messageId,
  ...(inReplyTo === null ? {} : { inReplyTo }),
  ...(references.length === 0 ? {} : { references: [...references] }),
  from,
  to: [...to],
  subject,
  text,
  date: new Date(at),
  xMailer: false as const,
  headers: { 'Auto-Submitted': 'auto-generated', 'X-Auto-Response-Suppress': 'All' },
});
