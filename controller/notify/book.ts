import type { Incident, IncidentChange } from '../../shared/model/incident.js';

/** What the mails have told and what they have still to tell: everything that a decision about mails goes by. Times are epoch ms. */
export interface NoticeBook {
  /** In no mail yet, the oldest first; one entry for each incident. */
  readonly pending: readonly Pending[];
  /** Lasts, and somebody was told. */
  readonly told: readonly Told[];
  /** When mails were written; those of the last two hours are kept. */
  readonly mailedAt: readonly number[];
}

export interface Pending {
  /** `passed`: it came and went before any mail could tell of it. */
  readonly type: 'opened' | 'ended' | 'passed';
  readonly incident: Incident;
  readonly reason: string;
  /** Since when it is to be told. */
  readonly at: number;
}

export interface Told {
  readonly incident: Incident;
  /** Message-ID of the mail that told of its beginning: all later ones answer it. */
  readonly thread: string;
  /** When it was mailed about last. */
  readonly at: number;
  readonly reminders: number;
}

export const EMPTY_BOOK: NoticeBook = { pending: [], told: [], mailedAt: [] };

/**
 * Takes changes in. The same change twice is one. Trouble that lasts and of which nobody was told yet is told whatever the type of its change:
 * it began while there was no mail. The end of such trouble is not told.
 */
export const note = (book: NoticeBook, changes: readonly IncidentChange[], now: number): NoticeBook =>
  changes.reduce((before, change) => (isTold(change.incident) ? noteOne(before, change, now) : before), book);

function noteOne(book: NoticeBook, { incident, reason }: IncidentChange, now: number): NoticeBook {
  const waiting = book.pending.find((one) => one.incident.id === incident.id);
  const told = book.told.some((one) => one.incident.id === incident.id);
  if (waiting !== undefined) {
    const type = incident.ended === null ? waiting.type : told ? 'ended' : 'passed';
    const next = { ...waiting, type, incident };
    return { ...book, pending: book.pending.map((one) => (one === waiting ? next : one)) };
  }
  if (told && incident.ended === null)
    return { ...book, told: book.told.map((one) => (one.incident.id === incident.id ? { ...one, incident } : one)) };
  if (!told && incident.ended !== null) return book;
  return { ...book, pending: [...book.pending, { type: told ? 'ended' : 'opened', incident, reason, at: now }] };
}

/** Critical trouble, what concerns a host or the cluster as a whole, and what waits for somebody. Other findings are for whoever looks. */
const isTold = ({ event, service, kind }: Incident): boolean =>
  event !== null || service === null || kind === 'process' || kind === 'repair' || kind === 'roll' || kind === 'certificate';
