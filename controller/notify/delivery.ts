import { messageOf } from '../../shared/errors.js';
import type { Dialogue } from './dialogue.js';

/** What became of a mail that was offered to an SMTP server. Each of its recipients is in one of the three lists. */
export interface Delivery {
  readonly accepted: readonly string[];
  /** Not now: to be tried again. */
  readonly later: readonly Refusal[];
  /** Refused for good. */
  readonly never: readonly Refusal[];
  /** Why no mail at all gets through now, not only this one; null: it is about this one, if anything is wrong. */
  readonly blocked: string | null;
  /** The server has settled it, one way or the other; if not, nobody can tell whether the mail has arrived. */
  readonly settled: boolean;
  /** What the server said, answer by answer. */
  readonly answers: readonly string[];
}

export interface Refusal {
  readonly to: string;
  readonly why: string;
}

/** What the sending library tells when the server took the mail for somebody: also if not for everybody. */
interface Sent {
  readonly accepted: readonly string[];
  readonly rejectedErrors?: readonly unknown[] | undefined;
}

export function deliveryOf(to: readonly string[], sent: Sent, dialogue: Dialogue): Delivery {
  const refused = refusedBy(sent.rejectedErrors ?? [], dialogue);
  const left = to.filter((one) => !isAmong(one, sent.accepted));
  return {
    accepted: to.filter((one) => isAmong(one, sent.accepted)),
    ...split(left, (one) => refused.get(addressOf(one)) ?? { permanent: false, why: 'the server did not say what became of it' }),
    blocked: null,
    settled: true,
    answers: dialogue.answers(),
  };
}

/** `server`: host:port. */
export function failedDelivery(to: readonly string[], error: unknown, dialogue: Dialogue, server: string): Delivery {
  const { permanent, why: said, code } = reasonIn(error, dialogue);
  const why = code === null ? ofServer(server, said, fieldOf(error, 'code') === 'ETIMEDOUT') : said;
  const answers = dialogue.answers();
  const settled = code !== null || permanent;
  if (code === null ? !settled && !dialogue.offered() : !dialogue.offered() || LET_IN_CODES.has(code))
    return { accepted: [], later: to.map((one) => ({ to: one, why })), never: [], blocked: why, settled, answers };
  const refused = refusedBy(fieldOf(error, 'rejectedErrors'), dialogue);
  return { accepted: [], ...split(to, (one) => refused.get(addressOf(one)) ?? { permanent, why }), blocked: null, settled, answers };
}

/** What was said by nobody tells by whom it was not. */
function ofServer(server: string, said: string, late: boolean): string {
  const what = late ? `no answer in time (${said})` : said;
  return what.includes(server) ? what : `${server}: ${what}`;
}

/** The server wants us to log in, otherwise or in another way: what is wrong is the configuration, and no mail has to be given up for it. */
const LET_IN_CODES: ReadonlySet<number> = new Set([530, 534, 535, 538]);

interface Reason {
  readonly permanent: boolean;
  readonly why: string;
  /** Of the answer of the server; null: it gave none. */
  readonly code: number | null;
}

/** 503 complains about the order of commands, not about the mail. What cannot be offered at all (an address that is none) stays so. */
function reasonIn(error: unknown, dialogue: Dialogue): Reason {
  const found = fieldOf(error, 'responseCode');
  const code = typeof found === 'number' ? found : null;
  const unfit = ['EENVELOPE', 'EMESSAGE'].includes(String(fieldOf(error, 'code')));
  return { permanent: code === null ? unfit : code >= 500 && code !== 503, why: dialogue.clean(messageOf(error)), code };
}

function refusedBy(errors: unknown, dialogue: Dialogue): Map<string, Reason> {
  const list: readonly unknown[] = Array.isArray(errors) ? errors : [];
  return new Map(list.map((error) => [addressOf(String(fieldOf(error, 'recipient'))), reasonIn(error, dialogue)]));
}

function split(to: readonly string[], reasonFor: (one: string) => Pick<Reason, 'permanent' | 'why'>): Pick<Delivery, 'later' | 'never'> {
  const refusals = to.map((one) => ({ to: one, ...reasonFor(one) }));
  const of = (permanent: boolean) => refusals.flatMap((one) => (one.permanent === permanent ? [{ to: one.to, why: one.why }] : []));
  return { later: of(false), never: of(true) };
}

/** A recipient may be written `Name <address>`; the server speaks of the address. */
const addressOf = (recipient: string): string => (/<([^<>]*)>\s*$/.exec(recipient)?.[1] ?? recipient).trim().toLowerCase();
const isAmong = (recipient: string, addresses: readonly string[]): boolean =>
  addresses.some((address) => addressOf(address) === addressOf(recipient));

const fieldOf = (error: unknown, name: string): unknown =>
  typeof error === 'object' && error !== null ? (error as Readonly<Record<string, unknown>>)[name] : undefined;
