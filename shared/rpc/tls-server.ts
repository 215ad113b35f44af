import { constants } from 'node:crypto';
import type { SecureContextOptions } from 'node:tls';
import { ServerCredentials } from '@grpc/grpc-js';
import type { Certified } from '../pki/certificate.js';
import { TLS_VERSION } from './tls-client.js';

/** TLS as a controller serves it. */
export interface TlsServer {
  readonly credentials: ServerCredentials;
  /** Connections that come from now on get this; those that live go on. */
  renew(certified: Certified): void;
}

/**
 * Every client is asked for a certificate, and one without, or with one that is not accepted, gets a connection all the same: it may join
 * with a token, and be told what is wrong. Who it is, is judged call by call (caller.ts); grpc-js gives out verified certificates only.
 */
export function createTlsServer(certified: Certified): TlsServer {
  const credentials = new TlsServerCredentials(certified);
  return { credentials, renew: (next) => credentials.renew(next) };
}

const HANDSHAKE_MS = 10_000;

class TlsServerCredentials extends ServerCredentials {
  constructor(certified: Certified) {
    super({ requestCert: true, rejectUnauthorized: false, handshakeTimeout: HANDSHAKE_MS }, contextOf(certified));
  }

  renew(certified: Certified): void {
    this.updateSecureContextOptions(contextOf(certified));
  }

  _equals(other: ServerCredentials): boolean {
    return other === this;
  }
}

const contextOf = ({ own, authorities }: Certified): SecureContextOptions => ({
  ca: [...authorities],
  key: own.key,
  // With the authority, so that whoever joins can compare its fingerprint.
  cert: [own.certificate, ...authorities].join('\n'),
  minVersion: TLS_VERSION,
  // A resumed session would carry over what was verified in another one.
  secureOptions: constants.SSL_OP_NO_TICKET,
});
