import type { Socket } from 'node:net';

/**
 * The connections of one server: so many, and not more, may be there of somebody who has not shown a certificate that is accepted, and each
 * of them for a while; of one holder of a certificate so many at a time.
 */
export interface Crowd {
  /** Somebody has connected. Where there are too many of his kind, who has most of them gives his oldest for it. */
  enter(socket: Socket): void;
  /** He is no stranger any more, but `holder`. */
  recognize(socket: Pick<Socket, 'remoteAddress' | 'remotePort' | 'localAddress'>, holder: string): void;
}

/** `onCut`: a connection was closed, for that reason. */
export function createCrowd(onCut: (address: string, why: string) => void): Crowd {
  const strangers = new Map<string, Stranger>();
  const holders = new Map<string, Set<Socket>>();

  return {
    enter(socket) {
      const key = keyOf(socket);
      const address = socket.remoteAddress ?? 'somebody';
      const timer = setTimeout(() => cut(key, `no certificate within ${STRANGER_MS / 1000} s`), STRANGER_MS).unref();
      strangers.set(key, { socket, address, timer });
      socket.once('close', () => forget(key, socket));
      if (strangers.size > MAX_STRANGERS) cut(oldestOfMost(), `more than ${MAX_STRANGERS} connections without a certificate`);
    },
    recognize(connection, holder) {
      const key = keyOf(connection);
      const stranger = strangers.get(key);
      if (stranger === undefined) return;
      forget(key, stranger.socket);
      const { socket, address } = stranger;
      const own = holders.get(holder) ?? new Set();
      if (own.size >= MAX_EACH) {
        onCut(address, `more than ${MAX_EACH} connections with a certificate ${holder}`);
        socket.destroy();
        return;
      }
      holders.set(holder, own.add(socket));
      socket.once('close', () => {
        own.delete(socket);
        if (own.size === 0) holders.delete(holder);
      });
    },
  };

  function cut(key: string, why: string): void {
    const stranger = strangers.get(key);
    if (stranger === undefined) return;
    forget(key, stranger.socket);
    onCut(stranger.address, why);
    stranger.socket.destroy();
  }

  function forget(key: string, socket: Socket): void {
    const stranger = strangers.get(key);
    if (stranger?.socket !== socket) return;
    clearTimeout(stranger.timer);
    strangers.delete(key);
  }

  /** Whoever floods us from one place meets himself, and nobody else. */
  function oldestOfMost(): string {
    const oldest = new Map<string, { readonly key: string; count: number }>();
    for (const [key, { address }] of strangers) {
      const known = oldest.get(address);
      if (known === undefined) oldest.set(address, { key, count: 1 });
      else known.count += 1;
    }
    return [...oldest.values()].reduce((most, one) => (one.count > most.count ? one : most)).key;
  }
}

interface Stranger {
  readonly socket: Socket;
  readonly address: string;
  readonly timer: NodeJS.Timeout;
}

const MAX_STRANGERS = 512;
const MAX_EACH = 128;
/** Longer than joining takes. */
const STRANGER_MS = 30_000;

/** A connection and its TLS have different objects. */
const keyOf = ({
  remoteAddress = '',
  remotePort = 0,
  localAddress = '',
}: Pick<Socket, 'remoteAddress' | 'remotePort' | 'localAddress'>): string => `${remoteAddress} ${remotePort} ${localAddress}`;
