import type { Member } from '../../shared/model/identity.js';
import type { CertificateRecord, MemberRecord } from './members.js';
import { keyOf, type Revocations } from './revocations.js';

/** `ctl-controller identities`: one line each, by kind and name. */
export function formatMembers(members: readonly MemberRecord[], revocations: Revocations, now: number): string {
  if (members.length === 0) return 'nobody has joined yet: ctl-controller token create --agent NAME | --operator NAME\n';
  const rows = [...members]
    .sort((a, b) => keyOf(a.member).localeCompare(keyOf(b.member)))
    .map(({ member, certificates, lastSeen }) => [
      member.kind,
      member.name,
      roleOf(member),
      standing(certificates, revocations.get(keyOf(member)), now),
      lastSeen === null ? 'never' : iso(lastSeen),
      certificates.at(-1)?.authority.slice(0, 16) ?? '',
    ]);
  return table([['KIND', 'NAME', 'ROLE', 'CERTIFICATE', 'LAST SEEN', 'AUTHORITY'], ...rows]);
}

const roleOf = (member: Member): string => (member.kind === 'operator' ? member.role : '-');

function standing(certificates: readonly CertificateRecord[], revokedAt: number | undefined, now: number): string {
  const newest = certificates.at(-1);
  if (newest === undefined) return 'none';
  if (revokedAt !== undefined && newest.invitedAt <= revokedAt) return `revoked ${iso(revokedAt)}`;
  return `${newest.expiresAt > now ? 'until' : 'expired'} ${iso(newest.expiresAt)}`;
}

function table(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows
    .map(
      (row) =>
        `${row
          .map((cell, column) => cell.padEnd(widths[column] ?? 0))
          .join('  ')
          .trimEnd()}\n`,
    )
    .join('');
}

const iso = (at: number): string => new Date(at).toISOString().replace(/\.\d+Z$/, 'Z');
