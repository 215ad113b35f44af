import { isIP } from 'node:net';
import { AppError } from '../errors.js';

/** Where a controller listens, or is dialled. */
export type Address =
  { readonly kind: 'tcp'; readonly host: string; readonly port: number } | { readonly kind: 'unix'; readonly path: string };

/**
 * Reads `host:port`, `[::1]:port` or `unix:/path`. Throws `config` for anything else, and for an ip that nobody can dial. Whether it is on
 * this host, and so needs no certificates, is judged when it is resolved (target.ts).
 */
export function parseAddress(text: string): Address {
  if (text.startsWith('unix:')) return parseUnix(text);
  const match = /^(?:\[([^\]]+)\]|([^:[\]\s/]+)):(\d{1,5})$/.exec(text);
  const port = Number(match?.[3]);
  const host = match?.[1] ?? match?.[2];
  const bracketed = match?.[1] !== undefined;
  if (host === undefined || port > 65_535 || (bracketed && isIP(host) !== 6)) throw malformed(text);
  if (EVERYWHERE.test(host)) throw undialable(text);
  return { kind: 'tcp', host, port };
}

const EVERYWHERE = /^(?:0\.0\.0\.0|[0:]+)$/;

export function formatAddress(address: Address): string {
  if (address.kind === 'unix') return `unix:${address.path}`;
  return isIP(address.host) === 6 ? `[${address.host}]:${address.port}` : `${address.host}:${address.port}`;
}

export function isLoopback(ip: string): boolean {
  const plain = ip.toLowerCase().replace(/^::ffff:(?=\d+\.)/, '');
  return isIP(plain) === 4 ? plain.startsWith('127.') : /^(?:0{0,4}:){2,7}0{0,3}1$/.test(plain);
}

function parseUnix(text: string): Address {
  const path = text.slice('unix:'.length);
  if (!path.startsWith('/')) throw malformed(text);
  // The kernel cuts longer ones off (sun_path, unix(7)); the name under which the socket is made has up to 10 bytes.
  if (Buffer.byteLength(path) > MAX_SOCKET_PATH) {
    throw new AppError(
      'config',
      `the path of the socket ${path} is too long: ${Buffer.byteLength(path)} bytes, at most ${MAX_SOCKET_PATH}`,
    );
  }
  return { kind: 'unix', path };
}

const MAX_SOCKET_PATH = 95;

function malformed(text: string): AppError {
  return new AppError('config', `${text} is not an address`, { hint: 'write host:port, [::1]:port or unix:/path' });
}

function undialable(text: string): AppError {
  return new AppError('config', `${text} cannot be dialled`, {
    hint: "write the name of the controller's host: with certificates it then listens on all its addresses",
  });
}
