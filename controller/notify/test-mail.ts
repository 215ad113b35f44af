import { AppError } from '../../shared/errors.js';
import type { MailTest } from '../../shared/model/mail.js';
import type { Clock } from '../../shared/ports/clock.js';
import type { ClusterConfig } from '../config/cluster.js';
import type { Delivery } from './delivery.js';
import { serverOf } from './server.js';
import { createSmtp } from './smtp.js';
import { timeOf } from './text.js';
import { messageIdOf } from './write-mail.js';

export interface TestMailDeps {
  readonly config: ClusterConfig;
  readonly clock: Clock;
  /** Name of this host. */
  readonly host: string;
}

/** Sends one mail now, past the queue. Errors: `config` (no mail is configured). */
export async function sendTestMail({ config, clock, host }: TestMailDeps, signal: AbortSignal): Promise<MailTest> {
  const { mail } = config;
  if (mail === null)
    throw new AppError('config', `no mail is configured in ${config.path}`, { hint: 'set toaddrs, mailhost and fromaddr in [DEFAULT]' });
  const at = clock.now();
  const subject = `${mail.subject === '' ? 'ctl' : mail.subject}: test mail`;
  const text = `This is a test: mail from ctl arrives.\n\nFrom: ${host}\nOf: ${config.path}\nSent: ${timeOf(at)}\n`;
  const messageId = messageIdOf(`test.${Math.floor(at)}.${process.pid}`, mail);
  const outgoing = { messageId, inReplyTo: null, references: [], from: mail.from, to: mail.to, subject, text, at };
  const delivery = await createSmtp(mail)(outgoing, signal);
  return {
    server: serverOf(mail),
    outcome: outcomeOf(delivery),
    accepted: delivery.accepted,
    refused: [...delivery.later, ...delivery.never],
    answers: delivery.answers,
    ms: clock.now() - at,
  };
}

function outcomeOf({ later, never, settled }: Delivery): MailTest['outcome'] {
  if (later.length + never.length === 0) return 'accepted';
  return settled ? 'refused' : 'unreachable';
}
