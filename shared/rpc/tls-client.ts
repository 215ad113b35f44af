import type { Socket } from 'node:net';
import { checkServerIdentity, connect, type PeerCertificate, type TLSSocket } from 'node:tls';
import { CallCredentials, ChannelCredentials } from '@grpc/grpc-js';
import { AppError } from '../errors.js';
import { type Credentials, identityOfNames } from '../pki/certificate.js';
import { explainTls, UNVERIFIED } from './tls-failure.js';

/** Both ends speak this and nothing older. */
export const TLS_VERSION = 'TLSv1.3';

export interface TlsClientOptions {
  readonly credentials: Credentials;
  /** The host of the address that is dialled: the certificate of the controller must name it. */
  readonly host: string;
  /** Why a connection could not be secured; grpc-js itself tells it to nobody. */
  readonly onFailure: (failure: AppError) => void;
}

/** TLS to a controller, verified in full: nothing is sent before its certificate has been accepted. */
export const tlsChannelCredentials = (options: TlsClientOptions): ChannelCredentials => new TlsChannelCredentials(options);

type SecureConnector = ReturnType<ChannelCredentials['_createSecureConnector']>;

/** Our own, because those of grpc-js swallow the reason of a failure, and take a name for an ip as a server name. */
class TlsChannelCredentials extends ChannelCredentials {
  readonly #options: TlsClientOptions;

  constructor(options: TlsClientOptions) {
    super();
    this.#options = options;
  }

  _isSecure(): boolean {
    return true;
  }

  _equals(other: ChannelCredentials): boolean {
    return other === this;
  }

  _createSecureConnector(): SecureConnector {
    const none = CallCredentials.createEmpty();
    return {
      connect: async (socket) => ({ socket: await secured(socket, this.#options), secure: true }),
      waitForReady: () => Promise.resolve(),
      getCallCredentials: () => none,
      destroy: () => undefined,
    };
  }
}

function secured(socket: Socket, { credentials, host, onFailure }: TlsClientOptions): Promise<TLSSocket> {
  const { authorities, own } = credentials;
  return new Promise((resolve, reject) => {
    const fail = (error: Error) => {
      const failure = explainTls(error, { host, authorities });
      onFailure(failure);
      reject(failure);
    };
    const tls = connect({
      socket,
      ca: [...authorities],
      ...(own === null ? {} : { key: own.key, cert: own.certificate }),
      minVersion: TLS_VERSION,
      ALPNProtocols: ['h2'],
      // What it is called is checked by us, ips as well, for which TLS has no server name.
      servername: SERVER_NAME,
      checkServerIdentity: (_, certificate) => refusalOf(host, certificate),
      // Said, because NODE_TLS_REJECT_UNAUTHORIZED in the environment must not have a say in it.
      rejectUnauthorized: true,
    });
    tls.once('error', fail);
    // Ended without an error: in the middle of the handshake.
    const onClose = () => fail(new AppError('unreachable', 'the connection was closed during the handshake'));
    tls.once('close', onClose);
    tls.once('secureConnect', () => {
      tls.off('error', fail);
      tls.off('close', onClose);
      resolve(tls);
    });
  });
}

/** Whether somebody speaks TLS at that address: he does, if only his certificate is in the way. */
export function speaksTls(host: string, port: number, timeoutMs: number): Promise<boolean> {
  return new Promise((resolve) => {
    const tls = connect({
      host,
      port,
      ca: [],
      minVersion: TLS_VERSION,
      servername: SERVER_NAME,
      rejectUnauthorized: true,
      timeout: timeoutMs,
    });
    const end = (answer: boolean) => {
      resolve(answer);
      tls.destroy();
    };
    tls.once('error', (error: Error) => end('code' in error && UNVERIFIED.includes(String(error.code))));
    tls.once('secureConnect', () => end(true));
    tls.once('timeout', () => end(false));
    tls.once('close', () => end(false));
  });
}

const SERVER_NAME = 'ctl-controller';

/** Besides the chain, which has been verified already: it has to be a controller, and the one at this address. */
function refusalOf(host: string, certificate: PeerCertificate): Error | undefined {
  if (identityOfNames(certificate.subjectaltname)?.kind !== 'controller')
    return new AppError('denied', `who answers at ${host} has a certificate, but not one of a controller`, {
      hint: 'somebody may be in between. Look who listens at that address',
    });
  return checkServerIdentity(host, certificate);
}
