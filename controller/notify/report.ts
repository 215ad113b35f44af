import type { MailReport, MailState } from '../../shared/model/mail.js';
import { addressOf } from '../../shared/model/service.js';
import type { MailConfig } from '../config/cluster.js';
import type { Blocked } from './courier.js';
import type { QueuedMail, QueuedMails } from './queue.js';

export const mailReportOf = (mail: MailConfig | null, { waiting, givenUp }: QueuedMails, blocked: Blocked | null): MailReport => ({
  server: mail === null ? null : serverOf(mail),
  to: mail?.to ?? [],
  waiting: waiting.map(stateOf),
  givenUp: givenUp.map(stateOf),
  blocked: blocked?.why ?? null,
  nextTry: blocked?.until ?? null,
});

/** `mail.example.org:25` */
export const serverOf = ({ host, port }: MailConfig): string => addressOf({ ip: host, port });

const stateOf = ({ id, subject, to, at, attempts, lastError }: QueuedMail): MailState => ({ id, subject, to, at, attempts, lastError });
