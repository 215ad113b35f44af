import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { AppError, isErrno, toAppError } from '../../shared/errors.js';
import type { Member } from '../../shared/model/identity.js';
import type { Certificate } from '../../shared/pki/certificate.js';
import { writeFileAtomic } from '../../shared/ports/files.js';
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
  readonly issuedAt: number;
  readonly expiresAt: number;
  /** Fingerprint of the authority. */
  readonly authority: string;
  /** By a later joining under the same name. */
  readonly replaced: boolean;
}

/** The controller's list, and nobody else writes it. */
export interface Members {
  all(): readonly MemberRecord[];
  find(member: Pick<Member, 'kind' | 'name'>): MemberRecord | undefined;
  /** On the disk when it resolves. With `replaces`, what was issued to that member before is refused from now on. */
  add(
    member: Member,
    issued: Certificate,
    by: { readonly authority: string; readonly at: number; readonly replaces: boolean },
  ): Promise<void>;
  /** To the minute. In memory; `save` keeps it. */
  seen(member: Pick<Member, 'kind' | 'name'>, at: number): void;
  save(): Promise<void>;
}

/** Errors: `failed` for a list that cannot be read: without it nobody could be told from somebody who was revoked. */
export async function openMembers(folder: string, now: number): Promise<Members> {
  let records = await readMembers(folder);
  let saving: Promise<void> = Promise.resolve();
  let dirty = false;
  const save = (): Promise<void> => {
    dirty = false;
    // One after the other; one that failed does not keep the next from trying.
    saving = saving.catch(() => undefined).then(() => writeMembers(folder, records));
    return saving;
  };
  records = records.flatMap((record) => {
    const certificates = record.certificates.filter(({ expiresAt }) => expiresAt > now - FORGET_MS);
    return certificates.length === 0 ? [] : [{ ...record, certificates }];
  });

  const find = ({ kind, name }: Pick<Member, 'kind' | 'name'>) =>
    records.find(({ member }) => member.kind === kind && member.name === name);
  const put = (next: MemberRecord) => {
    const old = find(next.member);
    records = [...records.filter((one) => one !== old), next];
    dirty = true;
  };
  return {
    all: () => records,
    find,
    async add(member, issued, { authority, at, replaces }) {
      const old = find(member);
      const before = (old?.certificates ?? []).map((one) => (replaces ? { ...one, replaced: true } : one));
      const certificate = { serial: issued.serial, issuedAt: at, expiresAt: issued.notAfter, authority, replaced: false };
      put({ member, certificates: [...before, certificate], lastSeen: old?.lastSeen ?? null });
      await save();
    },
    seen(member, at) {
      const old = find(member);
      if (old !== undefined && at - (old.lastSeen ?? -Infinity) >= SEEN_MS) put({ ...old, lastSeen: at });
    },
    save: async () => (dirty ? save() : saving),
  };
}

const SEEN_MS = 60_000;
/** Kept for a while after its end, so that what is wrong with it can be told. */
const FORGET_MS = 30 * 86_400_000;

const RECORDS = z.object({
  schema: z.literal(1),
  members: z.array(
    z.object({
      member: MEMBER,
      certificates: z.array(
        z.object({ serial: z.string(), issuedAt: z.number(), expiresAt: z.number(), authority: z.string(), replaced: z.boolean() }),
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
