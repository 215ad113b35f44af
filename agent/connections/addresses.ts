import { networkInterfaces } from 'node:os';

/** An address as it compares: IPv4 inside IPv6 as IPv4, no zone, no brackets. */
export function plainAddress(address: string): string {
  return address
    .replace(/^\[|\]$/g, '')
    .replace(/%[^\]]*$/, '')
    .replace(/^::ffff:(?=\d+\.)/i, '');
}

/**
 * Is `ip` an address of this host? A service can be known by one that only its network knows (a floating one, or behind NAT); then
 * connections have to be told by the port alone.
 */
export function isLocalAddress(ip: string): boolean {
  if (ip.startsWith('127.')) return true;
  return Object.values(networkInterfaces()).some((addresses) => addresses?.some(({ address }) => plainAddress(address) === ip) ?? false);
}

/** An end of a connection as everybody writes it: `127.0.0.1:80`, `[::1]:80`. */
export function formatEnd(address: string, port: string | number): string {
  const plain = plainAddress(address);
  return plain.includes(':') ? `[${plain}]:${port}` : `${plain}:${port}`;
}
