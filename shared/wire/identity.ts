import { AppError } from '../errors.js';
import { readCertificate } from '../pki/certificate.js';
import type { IssuedCertificate as WireIssued, Trust as WireTrust } from './gen/ctl/v1/identity.js';

/** A certificate that was made for somebody, and whom he is to trust from now on; PEM. */
export interface Issued {
  readonly certificate: string;
  readonly authorities: readonly string[];
}

export interface Trusted {
  readonly authorities: readonly string[];
  /** The caller's certificate is by an authority that is being replaced. */
  readonly renew: boolean;
}

export const issuedToWire = ({ certificate, authorities }: Issued): WireIssued => ({ certificate, authorities: [...authorities] });

/** What is not a certificate is refused here: it would be kept. */
export const issuedFromWire = ({ certificate, authorities }: WireIssued): Issued => ({
  certificate: pem(certificate),
  authorities: someOf(authorities),
});

export const trustedToWire = ({ authorities, renew }: Trusted): WireTrust => ({ authorities: [...authorities], renew });
export const trustedFromWire = ({ authorities, renew }: WireTrust): Trusted => ({ authorities: someOf(authorities), renew });

const pem = (text: string): string => readCertificate(text).pem;

function someOf(authorities: readonly string[]): string[] {
  if (authorities.length === 0) throw new AppError('failed', 'the controller named nobody to trust');
  return authorities.map(pem);
}
