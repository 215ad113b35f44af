import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { AppError, isErrno, toAppError } from '../../shared/errors.js';
import type { Member } from '../../shared/model/identity.js';
import type { Certificate } from '../../shared/pki/certificate.js';
import { writeFileAtomic } from '../../shared/ports/files.js';
import { keyOf } from './revocations.js';
import { MEMBER } from './tokens.js';

/** Everybody who ever got a certificate that may still be valid. Times are epoch ms. */
export interface MemberRecord {
  readonly member: Member;
  /** Oldest first. */
  readonly certificates: readonly CertificateRecord[];
  /** null: has never been. */
  readonly lastSeen: number | null;
}

export interface CertificateRecord {
  readonly serial: string;
  /** When its holder was invited to join, also if it was renewed since: a revocation ends all that came of an earlier invitation. */
  readonly invitedAt: number;
  readonly expiresAt: number;
  /** Fingerprint of the authority. */
  readonly authority: string;
  /** By a later joining under the same name. */
  readonly replaced: boolean;
}

export interface CertificateIssued {
  readonly member: Member;
  readonly certificate: Certificate;
  /** Fingerprint. */
  readonly authority: string;
}

interface Joining extends CertificateIssued {
  readonly invitedAt: number;
  readonly replaces: boolean;
}

/** The controller's list, and nobody else writes it. */
export interface Members {
  all(): readonly MemberRecord[];
  find(member: Pick<Member, 'kind' | 'name'>): MemberRecord | undefined;
  /** Somebody has joined: on the disk when it resolves. With `replaces`, what was issued to that member before is refused from now on. */
  join(joining: Joining): Promise<void>;
  /** The same for a certificate instead of `serial`, and worth no more than that: replaced, or revoked, if that is. */
  renew(renewal: CertificateIssued & { readonly serial: string }): Promise<void>;
  /** To the minute. In memory; `save` keeps it. */
  seen(member: Pick<Member, 'kind' | 'name'>, at: number): void;
  save(): Promise<void>;
}

/** Errors: `failed` for a list that cannot be read: without it nobody could be told from somebody who was revoked. */
export async function openMembers(folder: string, now: number): Promise<Members> {
  const records = new Map<string, MemberRecord>();
  for (const record of await readMembers(folder)) {
    const certificates = record.certificates.filter(({ expiresAt }) => expiresAt > now - FORGET_MS);
    if (certificates.length > 0) records.set(keyOf(record.member), { ...record, certificates });
  }
  let saving: Promise<void> = Promise.resolve();
  let dirty = false;
  const save = (): Promise<void> => {
    dirty = false;
    // One after the other; one that failed does not keep the next from trying.
    saving = saving.catch(() => undefined).then(() => writeMembers(folder, [...records.values()]));
    return saving;
  };

  const find = (member: Pick<Member, 'kind' | 'name'>) => records.get(keyOf(member));
  const put = (next: MemberRecord) => {
    records.set(keyOf(next.member), next);
    dirty = true;
  };
  return {
    all: () => [...records.values()],
    find,
    async join({ member, certificate, authority, invitedAt, replaces }) {
      const old = find(member);
      const before = (old?.certificates ?? []).map((one) => (replaces ? { ...one, replaced: true } : one));
      const { serial, notAfter: expiresAt } = certificate;
      put({
        member,
        certificates: [...before, { serial, invitedAt, expiresAt, authority, replaced: false }],
        lastSeen: old?.lastSeen ?? null,
      });
      await save();
    },
    async renew({ member, serial, certificate, authority }) {
      const old = find(member);
      const before = old?.certificates.find((one) => one.serial === serial);
      if (old === undefined || before === undefined) throw new AppError('denied', `certificate ${serial} is not on record any more`);
      const next = { ...before, serial: certificate.serial, expiresAt: certificate.notAfter, authority };
      const [others, own] = [old.certificates.filter((one) => !isSame(one, before)), old.certificates.filter((one) => isSame(one, before))];
      put({ ...old, member, certificates: [...others, ...own.slice(1 - KEPT_EACH), next] });
      await save();
    },
    seen(member, at) {
      const old = find(member);
      if (old !== undefined && at - (old.lastSeen ?? -Infinity) >= SEEN_MS) put({ ...old, lastSeen: at });
    },
    save: async () => (dirty ? save() : saving),
  };
}

/** Of one joining. */
const isSame = (one: CertificateRecord, other: CertificateRecord): boolean => one.invitedAt === other.invitedAt;

/** Of one joining: whoever renews all the time fills no disk, and programs that renew at the same time do not cut each other off. */
const KEPT_EACH = 16;
const SEEN_MS = 60_000;
/** Kept for a while after its end, so that what is wrong with it can be told. */
const FORGET_MS = 30 * 86_400_000;

const RECORDS = z.object({
  schema: z.literal(1),
  members: z.array(
    z.object({
      member: MEMBER,
      certificates: z.array(
        z.object({ serial: z.string(), invitedAt: z.number(), expiresAt: z.number(), authority: z.string(), replaced: z.boolean() }),
      ),
      lastSeen: z.number().nullable(),
    }),
  ),
});

export async function readMembers(folder: string): Promise<readonly MemberRecord[]> {
  try {
    return RECORDS.parse(JSON.parse(await readFile(fileOf(folder), 'utf8'))).members;
  } catch (error) {
    if (isErrno(error, 'ENOENT'))
      throw new AppError('failed', `${fileOf(folder)} is missing: the list of all certificates`, {
        hint: 'bring it back from a backup; or remove the whole folder, run `ctl-controller init`, and join all hosts again',
        cause: error,
      });
    throw toAppError(error, 'failed', `${fileOf(folder)} is damaged`, 'bring it back from a backup');
  }
}

export const writeMembers = (folder: string, members: readonly MemberRecord[]): Promise<void> =>
  writeFileAtomic(fileOf(folder), `${JSON.stringify({ schema: 1, members }, null, 1)}\n`, 0o600);

const fileOf = (folder: string): string => join(folder, 'members.json');
