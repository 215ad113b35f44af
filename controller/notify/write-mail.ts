import type { MailConfig } from '../config/cluster.js';
import type { Notice } from './decide.js';
import { composeMessage, type MessageContext } from './message.js';
import type { QueuedMail } from './queue.js';

/**
 * The mail that tells these notices, at least one. It is named after the first incident in it; a mail that tells of an incident again
 * answers the one that told of its beginning, so that a mail program shows them as one conversation.
 */
export function writeMail(notices: readonly Notice[], mail: MailConfig, context: MessageContext): QueuedMail {
  const [first] = notices;
  const id = [first?.incident.id ?? 'none', first?.type ?? 'none', Math.floor(context.now)].map(fileName).join('.');
  const threads = [...new Set(notices.flatMap(({ thread }) => (thread === null ? [] : [thread])))];
  return {
    id,
    messageId: messageIdOf(id, mail),
    inReplyTo: threads.at(-1) ?? null,
    references: threads,
    from: mail.from,
    to: mail.to,
    ...composeMessage(notices, context),
    at: context.now,
    attempts: 0,
    lastError: null,
  };
}

/** `<ID@example.org>`: in the domain of the sender, so that it is nobody else's. */
export function messageIdOf(id: string, { from }: Pick<MailConfig, 'from'>): string {
  const domain = /@([\w.-]+)>?\s*$/.exec(from)?.[1] ?? 'localhost';
  return `<ctl.${id}@${domain}>`;
}

const fileName = (part: string | number): string => String(part).replaceAll(/[^\w-]+/g, '-');
