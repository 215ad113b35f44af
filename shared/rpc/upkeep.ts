import { type Certified, readCertificate } from '../pki/certificate.js';
import { renewAt } from '../pki/renewal.js';
import type { RpcChannel } from './client.js';
import { authorities, renew } from './join.js';

/**
 * Asks the controller whom to trust from now on, and has the certificate renewed if it is due, or is by an authority that is being
 * replaced. Resolves with what to keep instead of `kept`; null: nothing has changed.
 */
export async function keepUp(channel: RpcChannel, kept: Certified, now: number, signal: AbortSignal): Promise<Certified | null> {
  const trusted = await authorities(channel, signal);
  if (trusted.renew || now >= renewAt(readCertificate(kept.own.certificate))) return renew(channel, signal);
  return isSame(trusted.authorities, kept.authorities) ? null : { ...kept, authorities: trusted.authorities };
}

const isSame = (a: readonly string[], b: readonly string[]): boolean =>
  a.length === b.length && a.every((pem, index) => pem.trim() === b[index]?.trim());
