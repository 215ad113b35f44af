import type { Observation, Place } from '../incidents/observation.js';
import type { Authority } from './authority.js';
import type { MemberRecord } from './members.js';
import { keyOf, type Revocations } from './revocations.js';

/** A certificate whose end somebody has to hear of in time. */
export interface Held {
  /** Of an agent; null: the controller's own, and its authority. */
  readonly host: string | null;
  /** `the certificate of agent web1`. */
  readonly what: string;
  /** Epoch ms. */
  readonly expiresAt: number;
  /** Why it may not have been renewed, and what to do. */
  readonly advice: string;
}

/** Of one host there is one: what ends first. Operators renew by using ctl: theirs may end. */
export function heldBy(
  members: readonly MemberRecord[],
  revocations: Revocations,
  authorities: readonly Authority[],
  controller: { readonly notAfter: number },
): Held[] {
  const agents = members.flatMap(({ member, certificates }) => {
    const revokedAt = revocations.get(keyOf(member)) ?? -Infinity;
    const expiresAt = Math.max(...certificates.flatMap((one) => (one.replaced || one.invitedAt <= revokedAt ? [] : [one.expiresAt])));
    if (member.kind !== 'agent' || expiresAt === -Infinity) return [];
    return [{ host: member.name, what: `the certificate of agent ${member.name}`, expiresAt, advice: AGENT }];
  });
  const own: Held[] = [
    { host: null, what: 'the certificate of the controller', expiresAt: controller.notAfter, advice: CONTROLLER },
    ...authorities.map(({ info }) => ({ host: null, what: 'the authority of the cluster', expiresAt: info.notAfter, advice: AUTHORITY })),
  ];
  return [...agents, ...own.sort((a, b) => a.expiresAt - b.expiresAt).slice(0, 1)];
}

/** What to tell of them now: each when 30, 7 and 1 day are left, and when it has expired; and when that is over. */
export interface ExpiryWatch {
  look(held: readonly Held[], now: number): Observation[];
}

export function createExpiryWatch(): ExpiryWatch {
  /** How many days were left when it was told last, by host; null: nothing is wrong. Absent: nobody has looked yet. */
  const told = new Map<string | null, number | null>();

  return {
    look(held, now) {
      // Of those that are not there any more, nothing is wrong.
      const gone = [...told.keys()].filter((host) => !held.some((one) => one.host === host));
      return [
        ...held.flatMap((one) => {
          const days = daysTold(one.expiresAt - now);
          if (told.get(one.host) === days && told.has(one.host)) return [];
          told.set(one.host, days);
          return [days === null ? settled(one.host, `${one.what} is a new one`) : trouble(one, days)];
        }),
        ...gone.flatMap((host) => {
          told.delete(host);
          return [settled(host, 'it is revoked, or forgotten')];
        }),
      ];
    },
  };
}

const DAY_MS = 86_400_000;
const TOLD_AT_DAYS = [0, 1, 7, 30] as const;

/** The smallest of the marks that has been passed. */
const daysTold = (leftMs: number): number | null => TOLD_AT_DAYS.find((days) => leftMs <= days * DAY_MS) ?? null;

const placeOf = (host: string | null): Place => ({ service: null, host, event: null, kind: 'certificate' });
const settled = (host: string | null, why: string): Observation => ({ type: 'settled', place: placeOf(host), why });

function trouble({ host, what, expiresAt, advice }: Held, days: number): Observation {
  const until = new Date(expiresAt).toISOString();
  const message = days === 0 ? `${what} expired at ${until}: ${advice}` : `${what} expires at ${until}: ${advice}`;
  return {
    type: 'trouble',
    trouble: {
      ...placeOf(host),
      message,
      expected: 'renewed at two thirds of its life',
      got: days === 0 ? 'expired' : `at most ${days} ${days === 1 ? 'day' : 'days'} left`,
      logEntry: null,
      lasting: true,
      reason: days === 0 ? 'it has expired' : `${days} days before its end`,
    },
  };
}

const AGENT = 'a running agent renews it by itself; start it, or `ctl-controller revoke` a host that is gone';
const CONTROLLER = 'it should have been renewed by itself: the log of the controller says why it was not';
const AUTHORITY = 'replace it: ctl-controller ca rotate';
