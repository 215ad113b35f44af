import { AppError } from '../../shared/errors.js';
import { type Caller, describeIdentity } from '../../shared/model/identity.js';
import type { Admit } from '../../shared/rpc/caller.js';
import type { CertificateRecord, MemberRecord, Members } from './members.js';
import { keyOf, type Revocations } from './revocations.js';
import { assertMayCall } from './roles.js';

export interface Admission {
  readonly admit: Admit;
  /** Looks again at everybody who is here: whoever may not stay is cut off, with the reason. */
  review(): void;
}

export interface AdmissionDeps {
  readonly members: Members;
  readonly revocations: () => Revocations;
  /** Fingerprints of the authorities that count. */
  readonly trusted: () => readonly string[];
  readonly now: () => number;
}

type Certified = Exclude<Caller, { readonly kind: 'local' | 'anonymous' }>;

export function createAdmission({ members, revocations, trusted, now }: AdmissionDeps): Admission {
  const live = new Map<string, { readonly caller: Certified; readonly abort: AbortController }>();
  const welcome = new AbortController().signal;

  return {
    admit(caller, path) {
      assertMayCall(caller, path, now());
      if (caller.kind === 'local' || caller.kind === 'anonymous') return welcome;
      const refusal = refusalOf(caller);
      if (refusal !== null) throw refusal;
      members.seen(caller, now());
      const found = live.get(caller.serial) ?? { caller, abort: new AbortController() };
      live.set(caller.serial, found);
      return found.abort.signal;
    },
    review() {
      for (const [serial, { caller, abort }] of live) {
        const refusal = refusalOf(caller);
        if (refusal === null) continue;
        live.delete(serial);
        abort.abort(refusal);
      }
    },
  };

  function refusalOf(caller: Certified): AppError | null {
    const who = describeIdentity(caller);
    const record = members.find(caller);
    const certificate = record?.certificates.find(({ serial }) => serial === caller.serial);
    if (record === undefined || certificate === undefined)
      return new AppError('denied', `the certificate of ${who} is not on record here`, { hint: AGAIN });
    const revokedAt = revocations().get(keyOf(caller));
    if (revokedAt !== undefined && certificate.invitedAt <= revokedAt)
      return new AppError('denied', `${who} was revoked at ${iso(revokedAt)}`, { hint: AGAIN });
    if (certificate.replaced)
      return new AppError('denied', `another host has joined as ${who} since, and this certificate is not valid any more`, {
        hint: 'each host has a name of its own: join this one again under its own',
      });
    if (!record.certificates.some((one) => one.invitedAt === certificate.invitedAt && trusted().includes(one.authority)))
      return new AppError('denied', `the certificate of ${who} is by an authority that was replaced`, { hint: AGAIN });
    if (now() >= caller.expiresAt && !isRenewed(record, certificate, now()))
      return new AppError(
        'denied',
        `the certificate of ${who} expired at ${iso(caller.expiresAt)}, by the clock of the controller (${iso(now())})`,
        {
          hint: AGAIN,
        },
      );
    return null;
  }
}

/** A connection outlives the certificate that it began with, if that has been renewed meanwhile. */
const isRenewed = ({ certificates }: MemberRecord, { invitedAt }: CertificateRecord, now: number): boolean =>
  certificates.some((one) => one.invitedAt === invitedAt && one.expiresAt > now);

const AGAIN = 'join again: `ctl-controller token create` on the host of the controller prints the command';
const iso = (at: number): string => new Date(at).toISOString();
