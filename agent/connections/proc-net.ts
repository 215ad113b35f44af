import { readFile } from 'node:fs/promises';
import { isErrno } from '../../shared/errors.js';

/** A TCP socket of /proc/net/tcp or tcp6 (proc(5)). */
interface Socket {
  readonly local: { readonly address: string; readonly port: number };
  readonly peer: { readonly address: string; readonly port: number };
  readonly state: 'established' | 'close-wait' | 'listen' | 'other';
}

const STATES: Readonly<Record<string, Socket['state']>> = { '01': 'established', '08': 'close-wait', '0A': 'listen' };

export async function readSockets(root = '/proc'): Promise<Socket[]> {
  const [four, six] = await Promise.all([read(`${root}/net/tcp`), read(`${root}/net/tcp6`)]);
  return [...parseSockets(four), ...parseSockets(six)];
}

/** Does anything on this host listen on the port, on whatever address? */
export async function listens(port: number): Promise<boolean> {
  return (await readSockets()).some((socket) => socket.state === 'listen' && socket.local.port === port);
}

export function parseSockets(text: string): Socket[] {
  const [, ...lines] = text.split('\n');
  return lines.flatMap((line) => {
    const [, local, peer, state] = line.trim().split(/\s+/);
    if (local === undefined || peer === undefined || state === undefined) return [];
    return [{ local: parseEnd(local), peer: parseEnd(peer), state: STATES[state] ?? 'other' }];
  });
}

/** `0100007F:1F90`: the address as 32-bit words in the byte order of the machine, little endian wherever this runs. */
function parseEnd(text: string): { address: string; port: number } {
  const [hex = '', port = ''] = text.split(':');
  const bytes = (hex.match(/.{8}/g) ?? []).flatMap((word) => (word.match(/../g) ?? []).reverse()).map((byte) => Number.parseInt(byte, 16));
  return { address: formatAddress(bytes), port: Number.parseInt(port, 16) };
}

function formatAddress(bytes: readonly number[]): string {
  if (bytes.length === 4) return bytes.join('.');
  const mapped = bytes.slice(0, 10).every((byte) => byte === 0) && bytes[10] === 0xff && bytes[11] === 0xff;
  if (mapped) return bytes.slice(12).join('.');
  const groups = Array.from({ length: 8 }, (_, index) => ((bytes[index * 2] ?? 0) * 256 + (bytes[index * 2 + 1] ?? 0)).toString(16));
  // The one form that everybody writes alike: the longest run of zeros shortened.
  return new URL(`http://[${groups.join(':')}]`).hostname.slice(1, -1);
}

/** '' where the kernel has no IPv6. */
async function read(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return '';
    throw error;
  }
}
