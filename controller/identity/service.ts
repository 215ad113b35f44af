import { AppError } from '../../shared/errors.js';
import { createInTurn } from '../../shared/in-turn.js';
import type { Log } from '../../shared/log.js';
import { type Caller, describeIdentity, type Member } from '../../shared/model/identity.js';
import { rpcService, type RpcService } from '../../shared/rpc/service.js';
import { IdentityDefinition } from '../../shared/wire/definitions.js';
import { type Issued, issuedToWire, trustedToWire } from '../../shared/wire/identity.js';
import { type Authority, certify, issuerOf } from './authority.js';
import type { CertificateIssued, Members } from './members.js';
import type { Refusals } from './refusals.js';
import { type Invited, type Spending, spendToken } from './tokens.js';

export interface IdentityServiceDeps {
  readonly folder: string;
  readonly authorities: () => readonly Authority[];
  readonly members: Members;
  /** After something was issued: who was replaced by it has to go. */
  readonly review: () => void;
  readonly now: () => number;
  readonly refusals: Pick<Refusals, 'token'>;
  readonly log: Log;
}

/** Certificates for those who join with a token, and new ones for those who have one. For whom, is never taken from the request. */
export function createIdentityService(deps: IdentityServiceDeps): RpcService {
  const { folder, authorities, members, review, now, refusals, log } = deps;
  const inTurn = createInTurn();
  return rpcService(IdentityDefinition, {
    async join({ token, request, name, kind }, { peer }) {
      const { member, invitedAt } = await spend(token, { now: now(), name, kind }).catch((error: unknown) => {
        refusals.token(peer, error);
        throw error;
      });
      const issued = await issue(member, request, (one) => members.join({ ...one, invitedAt, replaces: member.kind === 'agent' }));
      log.info({ peer }, `${describeIdentity(member)} has joined from ${peer}`);
      return issuedToWire(issued);
    },
    async renew({ request }, { caller }) {
      const member = memberOf(caller);
      const { serial } = certified(caller);
      const issued = await issue(member, request, (one) => members.renew({ ...one, serial }));
      log.info(`the certificate of ${describeIdentity(member)} was renewed`);
      return issuedToWire(issued);
    },
    async authorities(_, { caller }) {
      const { serial } = certified(caller);
      const used = members.find(memberOf(caller))?.certificates.find((one) => one.serial === serial);
      return trustedToWire({ authorities: trusted(), renew: used?.authority !== issuerOf(authorities()).info.fingerprint });
    },
  });

  /** One after the other: a wrong guess is counted before the next one is looked at. */
  function spend(token: string, spending: Spending): Promise<Invited> {
    return inTurn(() => spendToken(folder, token, spending));
  }

  /** Noted before it is handed out: what is not on record is refused. */
  async function issue(member: Member, request: Uint8Array, note: Note): Promise<Issued> {
    const authority = issuerOf(authorities());
    const certificate = await certify(authority, request, member, now());
    await note({ member, certificate, authority: authority.info.fingerprint });
    review();
    return { certificate: certificate.pem, authorities: trusted() };
  }

  function trusted(): string[] {
    return authorities().map(({ certificate }) => certificate);
  }
}

type Note = (issued: CertificateIssued) => Promise<void>;

function certified(caller: Caller): Exclude<Caller, { readonly kind: 'local' | 'anonymous' }> {
  if (caller.kind !== 'local' && caller.kind !== 'anonymous') return caller;
  throw new AppError('denied', 'there is no certificate to be renewed on this connection', { hint: 'join with a token' });
}

function memberOf(caller: Caller): Member {
  const { kind, name, ...rest } = certified(caller);
  return kind === 'agent' ? { kind, name } : { kind, name, role: 'role' in rest ? rest.role : 'viewer' };
}
