import { isIP } from 'node:net';
import { connect, type DetailedPeerCertificate } from 'node:tls';
import { linkSignals, orAborted } from '../abort.js';
import { AppError, messageOf } from '../errors.js';
import { type Member } from '../model/identity.js';
import { type Certified, fingerprintOf, readCertificate } from '../pki/certificate.js';
import { IdentityDefinition } from '../wire/definitions.js';
import { issuedFromWire, trustedFromWire, type Trusted } from '../wire/identity.js';
import { type Address, formatAddress } from './address.js';
import { openChannel, type RpcChannel } from './client.js';
import { TLS_VERSION } from './tls-client.js';
import { explainTls } from './tls-failure.js';

export interface Invitation {
  readonly address: Address;
  readonly token: string;
  /** sha256 of the authority of that controller, hex. */
  readonly fingerprint: string;
  /** Who asks: a token for the other kind is not spent. */
  readonly kind: Member['kind'];
  /** How the caller is called by its own configuration; null: it does not know. A token for somebody else is then not spent. */
  readonly name: string | null;
}

/**
 * Joins a controller: finds the authority that the fingerprint pins, and only then, over TLS that it has certified, shows the token and
 * gets a certificate for a key that never leaves this process but into the answer.
 * Errors: `usage` (no fingerprint), `denied` (another authority; the token), `unreachable`, `config` (no TLS there).
 */
export async function join(
  { address, token, fingerprint, kind, name }: Invitation,
  signal: AbortSignal,
): Promise<Certified & { readonly member: Member }> {
  const authority = await fetchAuthority(address, normalized(fingerprint), signal);
  const channel = await openChannel(address, { authorities: [authority], own: null });
  try {
    await channel.ready(CONNECT_MS, signal);
    const { key, request } = await newRequest();
    const answer = await channel
      .client(IdentityDefinition)
      .join({ token, request: Buffer.from(request), name: name ?? '', kind }, { signal });
    const { certificate, authorities } = issuedFromWire(answer);
    const member = readCertificate(certificate).identity;
    if (member === null || member.kind === 'controller')
      throw new AppError('failed', 'the controller answered with a certificate for nobody');
    return { own: { key, certificate }, authorities, member };
  } finally {
    channel.close();
  }
}

/** A new key with its certificate, over a connection that shows the old one. */
export async function renew(channel: RpcChannel, signal: AbortSignal): Promise<Certified> {
  const { key, request } = await newRequest();
  const answer = await channel.client(IdentityDefinition).renew({ request: Buffer.from(request) }, { signal });
  const { certificate, authorities } = issuedFromWire(answer);
  return { own: { key, certificate }, authorities };
}

/** Whom to trust from now on. */
export async function authorities(channel: RpcChannel, signal: AbortSignal): Promise<Trusted> {
  return trustedFromWire(await channel.client(IdentityDefinition).authorities({}, { signal }));
}

const CONNECT_MS = 5_000;

/** Loaded when it is needed, which is once in two months. */
const newRequest = async () => (await import('../pki/x509.js')).createRequest();

function normalized(fingerprint: string): string {
  const plain = fingerprint
    .replace(/^sha256:/i, '')
    .replaceAll(':', '')
    .toLowerCase();
  if (/^[0-9a-f]{64}$/.test(plain)) return plain;
  throw new AppError('usage', `"${fingerprint}" is not the fingerprint of an authority`, {
    hint: 'paste the whole command that `ctl-controller token create` printed',
  });
}

/**
 * The authority in the chain of whoever listens at `address`, if it has that fingerprint. Nothing is sent over this connection, and nothing
 * of it is believed but what the fingerprint proves: the only place where a certificate is looked at that has not been verified.
 */
async function fetchAuthority(address: Address, fingerprint: string, signal: AbortSignal): Promise<string> {
  if (address.kind === 'unix')
    throw new AppError('usage', `${formatAddress(address)} needs no certificate`, { hint: 'the mode of the socket says who may use it' });
  const { host, port } = address;
  using bound = linkSignals([signal], CONNECT_MS, `connecting to ${formatAddress(address)}`);
  const socket = connect({
    host,
    port,
    minVersion: TLS_VERSION,
    ALPNProtocols: ['h2'],
    ...(isIP(host) === 0 ? { servername: host } : {}),
    rejectUnauthorized: false,
  });
  const chain = new Promise<DetailedPeerCertificate>((resolve, reject) => {
    socket.once('secureConnect', () => resolve(socket.getPeerCertificate(true)));
    socket.once('error', (error: Error) => reject(unjoinable(error, address)));
    socket.once('close', () => reject(new AppError('unreachable', `${formatAddress(address)} closed the connection during the handshake`)));
  });
  const leaf = await orAborted(chain, bound.signal).catch((error: unknown) => {
    socket.destroy();
    throw error;
  });
  // Not torn off: to the controller that would be a handshake that failed, and a line in its log.
  socket
    .setTimeout(CONNECT_MS, () => socket.destroy())
    .unref()
    .end();
  const presented = certificatesOf(leaf);
  const found = presented.find((one) => fingerprintOf(one.fingerprint256) === fingerprint);
  if (found !== undefined) return readCertificate(found.raw).pem;
  const seen = presented.map((one) => fingerprintOf(one.fingerprint256)).at(-1) ?? 'none';
  throw new AppError('denied', `the authority at ${formatAddress(address)} is not the one of the command: its fingerprint is ${seen}`, {
    hint: 'nothing was sent. Was the controller set up anew? Then make a new token there; if not, somebody may be in between',
  });
}

function unjoinable(error: Error, address: Address): AppError {
  if ('syscall' in error)
    return new AppError('unreachable', `no controller answers at ${formatAddress(address)}: ${messageOf(error)}`, {
      cause: error,
      hint: 'is ctl-controller running there, and does a firewall let this host through?',
    });
  return explainTls(error, { host: formatAddress(address), authorities: [] });
}

/** Leaf first. A root is its own issuer. */
function certificatesOf(leaf: DetailedPeerCertificate): DetailedPeerCertificate[] {
  const chain: DetailedPeerCertificate[] = [];
  // Without an authority in it, the chain just ends, whatever its type says.
  let one: Partial<DetailedPeerCertificate> | undefined = leaf;
  while (one?.raw !== undefined && !chain.some(({ raw }) => raw === one?.raw)) {
    chain.push(one as DetailedPeerCertificate);
    one = one.issuerCertificate;
  }
  return chain;
}
