import { X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import { AppError } from '../errors.js';
import { type Identity, parseIdentity } from '../model/identity.js';

/** A private key and what it is certified by; both PEM. */
export interface KeyPair {
  readonly key: string;
  readonly certificate: string;
}

/** What one end of a TLS connection goes by: whom it trusts (PEM, one each), and what it shows of itself; null: nothing, as before joining. */
export interface Credentials {
  readonly authorities: readonly string[];
  readonly own: KeyPair | null;
}

/** The same of somebody who has joined. */
export type Certified = Credentials & { readonly own: KeyPair };

/** What there is to know of a certificate. Times are epoch ms. */
export interface Certificate {
  readonly pem: string;
  /** null: of a CA, or none of ours. */
  readonly identity: Identity | null;
  /** Upper case hex. */
  readonly serial: string;
  readonly notBefore: number;
  readonly notAfter: number;
  /** sha256 over the whole certificate, as `fingerprintOf` writes it. */
  readonly fingerprint: string;
  isIssuedBy(ca: Certificate): boolean;
  /** A host name or an ip. */
  isFor(host: string): boolean;
}

/** Reads one certificate in PEM or DER. Throws `failed` if it is none. */
export function readCertificate(source: string | Uint8Array): Certificate {
  return certificateOf(parse(source));
}

/** All certificates of a PEM text, in order. */
export const readCertificates = (pem: string): Certificate[] => (pem.match(BLOCK) ?? []).map(readCertificate);

const BLOCK = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

/** Lower case hex without colons, as it stands in a join command. */
export const fingerprintOf = (fingerprint256: string): string => fingerprint256.replaceAll(':', '').toLowerCase();

/** Whose certificate it is by its `subjectAltName`, as node writes it; null unless it names exactly one of ours. */
export function identityOfNames(subjectAltName: string | undefined): Identity | null {
  const uris = (subjectAltName ?? '').split(', ').flatMap((name) => (name.startsWith('URI:') ? [name.slice('URI:'.length)] : []));
  const [uri] = uris;
  return uri === undefined || uris.length !== 1 ? null : parseIdentity(uri);
}

/** The hosts in a `subjectAltName`, as node writes it. */
export const hostsOf = (subjectAltName: string | undefined): string[] =>
  (subjectAltName ?? '').split(', ').flatMap((name) => /^(?:DNS|IP Address):(.*)$/.exec(name)?.[1] ?? []);

function certificateOf(x509: X509Certificate): Certificate {
  return {
    pem: x509.toString(),
    identity: identityOfNames(x509.subjectAltName),
    serial: x509.serialNumber,
    notBefore: Date.parse(x509.validFrom),
    notAfter: Date.parse(x509.validTo),
    fingerprint: fingerprintOf(x509.fingerprint256),
    isIssuedBy: (ca) => {
      const issuer = parse(ca.pem);
      return x509.checkIssued(issuer) && x509.verify(issuer.publicKey);
    },
    isFor: (host) => (isIP(host) === 0 ? x509.checkHost(host, { subject: 'never' }) : x509.checkIP(host)) !== undefined,
  };
}

function parse(source: string | Uint8Array): X509Certificate {
  try {
    return new X509Certificate(source);
  } catch (error) {
    throw new AppError('failed', 'it is not a certificate', { cause: error });
  }
}
