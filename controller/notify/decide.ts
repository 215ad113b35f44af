import type { MonitorConfig } from '../config/cluster.js';
import type { Incident } from '../../shared/model/incident.js';
import type { NoticeBook, Pending, Told } from './book.js';

/** What one mail says of one incident. */
export interface Notice {
  readonly type: Pending['type'] | 'reminder';
  readonly incident: Incident;
  /** Why it is told. */
  readonly reason: string;
  /** Message-ID of the mail that told of its beginning; null: this is that mail. */
  readonly thread: string | null;
}

export type MailDecision =
  /** `until`: when to decide again, epoch ms; null: when something has changed. */
  | { readonly action: 'wait'; readonly until: number | null; readonly reason: string }
  | {
      readonly action: 'mail';
      readonly notices: readonly Notice[];
      /** It replaces mails that were over the limit of an hour. */
      readonly digest: boolean;
      /** No further mail may be written before; null: one may. */
      readonly nextAt: number | null;
      readonly reason: string;
    };

export type MailLimits = Pick<MonitorConfig, 'reminderMs' | 'maxMailsPerHour'>;

/** Changes that come so close together share a mail. */
export const SHARE_MS = 500;
const HOUR_MS = 3_600_000;

/**
 * Whether a mail is to be written now, and what it says. Within any hour there are at most `maxMailsPerHour` (0: no limit): what is over waits,
 * and all of it shares the next one. `reminderMs` 0: no reminders.
 */
export function decide(book: NoticeBook, { reminderMs, maxMailsPerHour }: MailLimits, now: number): MailDecision {
  const [oldest] = book.pending;
  const ending = new Set(book.pending.map(({ incident }) => incident.id));
  const lasting = reminderMs === 0 ? [] : book.told.filter(({ incident }) => !ending.has(incident.id));
  const due = Math.min(oldest === undefined ? Infinity : oldest.at + SHARE_MS, ...lasting.map(({ at }) => at + reminderMs));
  if (due === Infinity) return { action: 'wait', until: null, reason: 'there is nothing to tell' };
  if (due > now) return { action: 'wait', until: due, reason: oldest === undefined ? 'the next reminder' : 'what comes now shares a mail' };
  const freeAt = freeFrom(book.mailedAt, maxMailsPerHour, now);
  if (freeAt > now) return { action: 'wait', until: freeAt, reason: `${maxMailsPerHour} mails in an hour: the rest comes in a digest` };

  const reminders = lasting.filter(({ at }) => at + reminderMs <= now);
  const digest = oldest !== undefined && freeFrom(book.mailedAt, maxMailsPerHour, oldest.at + SHARE_MS) > oldest.at + SHARE_MS;
  const next = freeFrom([...book.mailedAt, now], maxMailsPerHour, now);
  return {
    action: 'mail',
    notices: [...book.pending.map((pending) => noticeOf(pending, book.told)), ...reminders.map(reminderOf)],
    digest,
    nextAt: next > now ? next : null,
    reason: digest ? 'what was over the limit of an hour' : oldest === undefined ? 'a reminder is due' : oldest.reason,
  };
}

/** What stands when the mail of a decision is written. `messageId` is its own. */
export function afterMail(book: NoticeBook, notices: readonly Notice[], messageId: string, now: number): NoticeBook {
  const of = new Map(notices.map((notice) => [notice.incident.id, notice]));
  const begun = notices.flatMap(({ type, incident }): Told[] =>
    type === 'opened' ? [{ incident, thread: messageId, at: now, reminders: 0 }] : [],
  );
  const told = book.told.flatMap((one): Told[] => {
    const notice = of.get(one.incident.id);
    if (notice === undefined) return [one];
    return notice.type === 'reminder' ? [{ ...one, at: now, reminders: one.reminders + 1 }] : [];
  });
  return {
    pending: book.pending.filter(({ incident }) => !of.has(incident.id)),
    told: [...told, ...begun],
    mailedAt: [...book.mailedAt.filter((at) => at > now - 2 * HOUR_MS), now],
  };
}

/** When fewer than `limit` mails lie within the hour before; `at` itself if that is so then. */
function freeFrom(mailedAt: readonly number[], limit: number, at: number): number {
  if (limit === 0) return at;
  const recent = mailedAt.filter((one) => one > at - HOUR_MS && one <= at);
  return recent.length < limit ? at : (recent[recent.length - limit] ?? at) + HOUR_MS;
}

function noticeOf({ type, incident, reason }: Pending, told: readonly Told[]): Notice {
  return { type, incident, reason, thread: told.find((one) => one.incident.id === incident.id)?.thread ?? null };
}

const reminderOf = ({ incident, thread, reminders }: Told): Notice => ({
  type: 'reminder',
  incident,
  reason: `it lasts (reminder ${reminders + 1})`,
  thread,
});
