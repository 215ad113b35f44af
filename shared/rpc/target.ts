import { lookup as systemLookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { logVerbosity, setLogVerbosity } from '@grpc/grpc-js';
import { AppError, messageOf } from '../errors.js';
import { type Address, formatAddress, isLoopback } from './address.js';

// What grpc-js would print on stderr is in the errors that it returns.
setLogVerbosity(logVerbosity.NONE);

export type Lookup = (name: string) => Promise<readonly string[]>;

/**
 * What grpc-js dials. A name is resolved once, so that what was checked is what is used. Without certificates an address that is not on
 * this host is refused (`config`): nothing ever goes in the clear over a network. A name that does not resolve is `unreachable`.
 */
export async function dialTarget(address: Address, certified: boolean, lookup: Lookup = lookupAll): Promise<string> {
  if (address.kind === 'unix') return `unix:${address.path}`;
  const [ip, ...others] = await resolve(address.host, lookup);
  if (!certified && ![ip, ...others].every(isLoopback)) {
    throw new AppError('config', `${formatAddress(address)} is not on this host, and here is no certificate for it`, {
      hint: '`ctl-controller token create` on the host of the controller prints the command that gets one',
    });
  }
  return targetOf(ip, address.port);
}

/**
 * What grpc-js binds: the first of these that this host can. With certificates a name stands for all addresses of this host: on its own host it often means a loopback address
 * (/etc/hosts of Debian has 127.0.1.1). Without them only loopback is listened on.
 */
export async function listenTargets(address: Address, certified: boolean, lookup: Lookup = lookupAll): Promise<readonly string[]> {
  if (address.kind === 'unix') return [`unix:${address.path}`];
  // Without IPv6 in its kernel a host has no ::, which else stands for both.
  if (certified && isIP(address.host) === 0) return [`[::]:${address.port}`, `0.0.0.0:${address.port}`];
  const [ip, ...others] = await resolve(address.host, lookup);
  if (!certified && ![ip, ...others].every(isLoopback)) {
    throw new AppError('config', `${formatAddress(address)} is not a loopback address, and this controller has no certificates yet`, {
      hint: '`ctl-controller init` makes them; without them use 127.0.0.1 or unix:/path',
    });
  }
  return [targetOf(ip, address.port)];
}

/** IPv4 first, on both ends, whatever order the resolver has: else they could miss each other on "localhost". */
async function resolve(host: string, lookup: Lookup): Promise<readonly [string, ...string[]]> {
  const ips = isIP(host) === 0 ? await lookup(host) : [host];
  const [first, ...others] = [...ips].sort((a, b) => isIP(a) - isIP(b));
  if (first === undefined) throw new AppError('unreachable', `${host} has no address`);
  return [first, ...others];
}

const targetOf = (ip: string, port: number) => (isIP(ip) === 6 ? `ipv6:[${ip}]:${port}` : `ipv4:${ip}:${port}`);

const lookupAll: Lookup = async (name) => {
  try {
    return (await systemLookup(name, { all: true })).map(({ address }) => address);
  } catch (error) {
    throw new AppError('unreachable', `the name ${name} cannot be resolved: ${messageOf(error)}`, { cause: error });
  }
};
