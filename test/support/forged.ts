import { randomBytes } from 'node:crypto';
import type { Member } from '../../shared/model/identity.js';
import type { Certified, KeyPair } from '../../shared/pki/certificate.js';
import { createAuthority, createRequest, issueCertificate } from '../../shared/pki/x509.js';

const DAY_MS = 86_400_000;

/** An authority that no controller of ours has made; or the key of one that has. */
export const anAuthority = (): Promise<KeyPair> =>
  createAuthority(`somebody ${randomBytes(4).toString('hex')}`, { notBefore: Date.now() - DAY_MS, notAfter: Date.now() + DAY_MS });

export interface Forged {
  readonly identity?: Member | { readonly kind: 'controller' };
  readonly hosts?: readonly string[];
  /** From now on, in days; negative: ago. */
  readonly fromDays?: number;
  readonly toDays?: number;
}

/** A certificate by an authority whose key one has: for whatever one likes. */
export async function certifiedBy(
  authority: KeyPair,
  { identity = { kind: 'controller' }, hosts = ['127.0.0.1'], fromDays = -1, toDays = 1 }: Forged = {},
): Promise<Certified> {
  const { key, request } = await createRequest();
  const validity = { notBefore: Date.now() + fromDays * DAY_MS, notAfter: Date.now() + toDays * DAY_MS };
  return {
    own: { key, certificate: await issueCertificate(authority, request, { identity, hosts, ...validity }) },
    authorities: [authority.certificate],
  };
}
