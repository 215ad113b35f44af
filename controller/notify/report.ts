import type { MailReport, MailState } from '../../shared/model/mail.js';
import type { MailConfig } from '../config/cluster.js';
import type { Blocked } from './courier.js';
import { serverOf } from './server.js';
import type { QueuedMail, QueuedMails } from './queue.js';

export const mailReportOf = (mail: MailConfig | null, { waiting, givenUp }: QueuedMails, blocked: Blocked | null): MailReport => ({
  server: mail === null ? null : serverOf(mail),
  to: mail?.to ?? [],
  waiting: waiting.map(stateOf),
  givenUp: givenUp.map(stateOf),
  blocked: blocked?.why ?? null,
  nextTry: blocked?.until ?? null,
});

const stateOf = ({ id, subject, to, at, attempts, lastError }: QueuedMail): MailState => ({ id, subject, to, at, attempts, lastError });
