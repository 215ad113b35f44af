import { AppError, messageOf } from '../errors.js';
import { hostsOf, readCertificate } from '../pki/certificate.js';

export interface TlsContext {
  /** As it was dialled. */
  readonly host: string;
  /** Whom we trust. */
  readonly authorities: readonly string[];
}

/** What a failed TLS connection to a controller means, and what to do about it. */
export function explainTls(error: Error, context: TlsContext): AppError {
  if (error instanceof AppError) return error;
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  const explanation = EXPLANATIONS.find(({ codes }) => codes.some((one) => code === one));
  if (explanation === undefined) return new AppError('unreachable', `no TLS with ${context.host}: ${messageOf(error)}`, { cause: error });
  return new AppError(explanation.is, explanation.what(context, error), { hint: explanation.hint(context), cause: error });
}

interface Explanation {
  /** Of node and OpenSSL. */
  readonly codes: readonly string[];
  readonly is: 'denied' | 'config' | 'unreachable';
  readonly what: (context: TlsContext, error: Error) => string;
  readonly hint: (context: TlsContext) => string;
}

/** Whoever answers has a certificate, by somebody else than those who are trusted. */
export const UNVERIFIED: readonly string[] = [
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'CERT_SIGNATURE_FAILURE',
];

const EXPLANATIONS: readonly Explanation[] = [
  {
    codes: UNVERIFIED,
    is: 'denied',
    what: ({ host, authorities }) =>
      `the certificate of ${host} is by another authority than the one that was joined (${authorities.map(short).join(', ')})`,
    hint: () => 'was the controller set up anew? Then join again. If not, somebody may be in between',
  },
  {
    codes: ['CERT_HAS_EXPIRED'],
    is: 'denied',
    what: ({ host }) => `the certificate of ${host} has expired, by the clock of this host (${now()})`,
    hint: () => 'compare the clocks (`date -u` on both hosts). A running controller renews its certificate by itself: look into its log',
  },
  {
    codes: ['CERT_NOT_YET_VALID'],
    is: 'denied',
    what: ({ host }) => `the certificate of ${host} is not valid yet, by the clock of this host (${now()})`,
    hint: () => 'the clock of this host is slow: set it (`timedatectl`)',
  },
  {
    codes: ['ERR_TLS_CERT_ALTNAME_INVALID'],
    is: 'denied',
    what: ({ host }, error) => `the certificate of the controller is not for ${host}${namesOf(error)}`,
    hint: () => 'dial it by the name of [controller] address in cluster.ini, or restart the controller after a change of it',
  },
  {
    codes: ['INVALID_PURPOSE'],
    is: 'denied',
    what: ({ host }) => `who answers at ${host} has a certificate, but not one of a controller`,
    hint: () => 'somebody may be in between. Look who listens at that address',
  },
  {
    codes: ['ERR_SSL_WRONG_VERSION_NUMBER', 'ERR_SSL_PACKET_LENGTH_TOO_LONG', 'ERR_SSL_HTTP_REQUEST'],
    is: 'config',
    what: ({ host }) => `who answers at ${host} does not speak TLS`,
    hint: () => 'is it the port of a ctl-controller, and has `ctl-controller init` been done there?',
  },
  {
    codes: ['ERR_SSL_UNSUPPORTED_PROTOCOL', 'ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION', 'ERR_SSL_NO_PROTOCOLS_AVAILABLE'],
    is: 'config',
    what: ({ host }) => `who answers at ${host} does not speak TLS 1.3`,
    hint: () => 'is it the port of a ctl-controller? Nothing older is ever spoken',
  },
];

const now = (): string => new Date().toISOString();
const short = (pem: string): string => readCertificate(pem).fingerprint.slice(0, 16);

function namesOf(error: Error): string {
  const names = 'cert' in error ? (error.cert as { subjectaltname?: string }).subjectaltname : undefined;
  const hosts = hostsOf(names);
  return hosts.length === 0 ? '' : `, but for ${hosts.join(', ')}`;
}
