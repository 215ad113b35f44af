// Needed by @peculiar/x509 before it is loaded.
import 'reflect-metadata';
import { createPrivateKey, randomBytes, webcrypto } from 'node:crypto';
import { isIP } from 'node:net';
import * as x509 from '@peculiar/x509';
import { AppError } from '../errors.js';
import { formatIdentity, type Identity } from '../model/identity.js';
import type { KeyPair } from './certificate.js';

export interface Validity {
  /** Epoch ms. */
  readonly notBefore: number;
  readonly notAfter: number;
}

/** A self-signed certificate of a certificate authority. */
export async function createAuthority(name: string, validity: Validity): Promise<KeyPair> {
  const keys = await createKeys();
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: newSerial(),
    name: [{ CN: [name] }],
    ...dates(validity),
    signingAlgorithm: SIGNATURE,
    keys,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return { key: await pemOf(keys.privateKey), certificate: certificate.toString('pem') };
}

/** A new private key (PEM) and a request (DER) to have it certified. The request names nobody: whoever signs decides for whom it is. */
export async function createRequest(): Promise<{ readonly key: string; readonly request: Uint8Array }> {
  const keys = await createKeys();
  const request = await x509.Pkcs10CertificateRequestGenerator.create({ name: 'CN=ctl', keys, signingAlgorithm: SIGNATURE });
  return { key: await pemOf(keys.privateKey), request: new Uint8Array(request.rawData) };
}

export interface Issue extends Validity {
  readonly identity: Identity;
  /** Of a controller: the host names and ips under which it is dialled. */
  readonly hosts: readonly string[];
}

/**
 * Certifies the key of a request (DER) for `identity`; of the request nothing else counts. Answers the PEM.
 * Throws `usage` for a request that is none, is not signed by its own key, or whose key is not ECDSA P-256.
 */
export async function issueCertificate(ca: KeyPair, request: Uint8Array, issue: Issue): Promise<string> {
  const key = await keyOfRequest(request);
  const authority = new x509.X509Certificate(ca.certificate);
  const serves = issue.identity.kind === 'controller';
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: newSerial(),
    subject: [{ CN: [issue.identity.kind === 'controller' ? 'ctl-controller' : issue.identity.name] }],
    issuer: authority.subject,
    ...dates(issue),
    signingAlgorithm: SIGNATURE,
    publicKey: key,
    signingKey: await importKey(ca.key),
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([serves ? x509.ExtendedKeyUsage.serverAuth : x509.ExtendedKeyUsage.clientAuth], true),
      new x509.SubjectAlternativeNameExtension([
        { type: 'url', value: formatIdentity(issue.identity) },
        ...issue.hosts.map((host) => ({ type: isIP(host) !== 0 ? ('ip' as const) : ('dns' as const), value: host })),
      ]),
      await x509.AuthorityKeyIdentifierExtension.create(authority.publicKey),
    ],
  });
  return certificate.toString('pem');
}

async function keyOfRequest(request: Uint8Array): Promise<webcrypto.CryptoKey> {
  try {
    const parsed = new x509.Pkcs10CertificateRequest(new Uint8Array(request));
    // Importing as P-256 refuses every other key.
    const key = (await parsed.publicKey.export(ALGORITHM, ['verify'])) as webcrypto.CryptoKey;
    if (await parsed.verify()) return key;
  } catch (error) {
    throw new AppError('usage', 'the request for a certificate cannot be read', { cause: error, hint: VERSIONS });
  }
  throw new AppError('usage', 'the request for a certificate is not signed by its own key', { hint: VERSIONS });
}

const VERSIONS = 'bring ctl, ctl-agent and ctl-controller to the same version';
const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256' };
const SIGNATURE = { name: 'ECDSA', hash: 'SHA-256' };

const createKeys = () => webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);

async function pemOf(key: webcrypto.CryptoKey): Promise<string> {
  const der = await webcrypto.subtle.exportKey('pkcs8', key);
  return createPrivateKey({ key: Buffer.from(der), format: 'der', type: 'pkcs8' })
    .export({ format: 'pem', type: 'pkcs8' })
    .toString();
}

async function importKey(pem: string): Promise<webcrypto.CryptoKey> {
  const der = createPrivateKey(pem).export({ format: 'der', type: 'pkcs8' });
  return webcrypto.subtle.importKey('pkcs8', der, ALGORITHM, false, ['sign']);
}

/** Positive, and never twice. */
function newSerial(): string {
  const bytes = randomBytes(16);
  bytes[0] = ((bytes[0] ?? 0) & 0x3f) | 0x40;
  return bytes.toString('hex');
}

const dates = ({ notBefore, notAfter }: Validity) => ({ notBefore: new Date(notBefore), notAfter: new Date(notAfter) });
