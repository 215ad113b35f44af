/** The mails that wait, and those that the server refused for good. Times are epoch ms. */
export interface MailReport {
  /** host:port of the SMTP server; null: no mail is configured. */
  readonly server: string | null;
  readonly to: readonly string[];
  /** The oldest first, as below. */
  readonly waiting: readonly MailState[];
  /** Kept aside for 90 days; `to` is who did not get it. */
  readonly givenUp: readonly MailState[];
  /** Why no mail gets through at the moment; null: nothing is known against it. */
  readonly blocked: string | null;
  /** When it is tried again; null: at once, or by nobody until a controller runs. */
  readonly nextTry: number | null;
}

export interface MailState {
  readonly id: string;
  readonly subject: string;
  readonly to: readonly string[];
  readonly at: number;
  readonly attempts: number;
  /** null: not tried yet. */
  readonly lastError: string | null;
}

export const MAIL_OUTCOMES = ['accepted', 'refused', 'unreachable'] as const;
export type MailOutcome = (typeof MAIL_OUTCOMES)[number];

/** One mail, sent for a test. */
export interface MailTest {
  readonly server: string;
  /** `refused` for at least one recipient. `unreachable`: the server gave no answer that settles it. */
  readonly outcome: MailOutcome;
  readonly accepted: readonly string[];
  readonly refused: readonly { readonly to: string; readonly why: string }[];
  /** What the server said, answer by answer. */
  readonly answers: readonly string[];
  readonly ms: number;
}
