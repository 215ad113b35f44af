import type { Connection } from '../../shared/model/agent-api.js';
import { formatEnd } from './addresses.js';

export interface LocalConnection extends Connection {
  /** The service's side, an address without port. */
  readonly local: string;
}

/**
 * Reads `ss -tinH state established state close-wait` (iproute2): a line per socket, its TCP details behind it or on the next line.
 * A half-closed connection counts only while its peer waits for an answer. Throws on what it does not understand: a connection that
 * is overlooked would read as drained.
 */
export function parseSs(text: string): LocalConnection[] {
  return socketsOf(text).flatMap((line) => {
    const fields = /^(\S+)\s+(\d+)\s+(\d+)\s+(\S+):(\d+)\s+(\S+):(\d+)(.*)$/.exec(line);
    if (fields === null) throw new Error(`not a line of ss: ${line.slice(0, 120)}`);
    const [, state = '', received = '', unsent = '', local = '', , peer = '', peerPort = '', details = ''] = fields;
    const counters = countersOf(details);
    const halfClosed = state === 'CLOSE-WAIT';
    // The end of a half-closed stream takes up one place in the queue.
    const queued = Number(unsent) > 0 || Number(received) > (halfClosed ? 1 : 0);
    const pending = queued || counters === null || isUnanswered(counters, halfClosed);
    if (halfClosed && !pending) return [];
    const silentMs = counters === null ? null : Math.min(counters.sentAgoMs, counters.receivedAgoMs);
    return [{ local, peer: formatEnd(peer, peerPort), silentMs, pending }];
  });
}

interface Counters {
  readonly sentAgoMs: number;
  readonly receivedAgoMs: number;
  readonly acknowledgedAgoMs: number;
  readonly bytesSent: number;
  readonly bytesReceived: number;
  readonly segmentsReceived: number;
}

/**
 * Did the service get something after it last sent something? Both times are in ticks of the kernel (1 to 10 ms), so a quick answer
 * and a request right behind an answer look alike. Then: what the peer sends after an answer acknowledges all of it, so an
 * acknowledgement newer than the last bytes received is one of an answer to them; and the one segment ever received, with something
 * sent since, has its answer begun. What is still undecided counts as unanswered.
 */
function isUnanswered(c: Counters, halfClosed: boolean): boolean {
  if (c.bytesReceived === 0) return false;
  if (c.bytesSent === 0) return true;
  if (c.receivedAgoMs !== c.sentAgoMs) return c.receivedAgoMs < c.sentAgoMs;
  // The end of a half-closed stream carries an acknowledgement of its own.
  return !(c.segmentsReceived === 1 || (!halfClosed && c.acknowledgedAgoMs < c.receivedAgoMs));
}

/** null: this kernel tells no details. ss leaves out what is zero. */
function countersOf(details: string): Counters | null {
  if (!/\bsegs_in:/.test(details)) return null;
  const number = (name: string) => Number(new RegExp(`(?:^|\\s)${name}:(\\d+)`).exec(details)?.[1] ?? 0);
  return {
    sentAgoMs: number('lastsnd'),
    receivedAgoMs: number('lastrcv'),
    acknowledgedAgoMs: number('lastack'),
    // Old versions have no bytes_sent; what was acknowledged was sent.
    bytesSent: Math.max(number('bytes_sent'), number('bytes_acked'), number('data_segs_out')),
    bytesReceived: number('bytes_received'),
    segmentsReceived: number('data_segs_in'),
  };
}

function socketsOf(text: string): string[] {
  const sockets: string[] = [];
  for (const line of text.split('\n')) {
    if (line.trim() === '') continue;
    if (/^\s/.test(line)) sockets.push(`${sockets.pop() ?? ''}${line}`);
    else sockets.push(line);
  }
  return sockets;
}
