import { lookup as systemLookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { ChannelCredentials, logVerbosity, ServerCredentials, setLogVerbosity } from '@grpc/grpc-js';
import { AppError, messageOf } from '../errors.js';
import { type Address, isLoopback, refused } from './address.js';

/**
 * Who may speak to whom. There are no certificates yet, so this is the whole of it: both ends are on one host, reached by loopback or by
 * a unix socket with mode 0600. Certificates will change this file, and the check of literal addresses in address.ts.
 */
export interface Transport {
  /** What grpc-js dials or binds. A name has been resolved once, so that what was checked is what is used. */
  readonly target: string;
  readonly channelCredentials: () => ChannelCredentials;
  readonly serverCredentials: () => ServerCredentials;
}

// What grpc-js would print on stderr is in the errors that it returns.
setLogVerbosity(logVerbosity.NONE);

export type Lookup = (name: string) => Promise<readonly string[]>;

/** Rejects with `config` if the address is not on this host, with `unreachable` if its name does not resolve. */
export async function transportTo(address: Address, lookup: Lookup = lookupAll): Promise<Transport> {
  return {
    target: address.kind === 'unix' ? `unix:${address.path}` : targetOf(await resolve(address.host, address.port, lookup), address.port),
    channelCredentials: () => ChannelCredentials.createInsecure(),
    serverCredentials: () => ServerCredentials.createInsecure(),
  };
}

async function resolve(host: string, port: number, lookup: Lookup): Promise<string> {
  const ips = isIP(host) === 0 ? await lookup(host) : [host];
  // IPv4 first, on both ends, whatever order the resolver has: else they could miss each other on "localhost".
  const [ip] = [...ips].sort((a, b) => isIP(a) - isIP(b));
  if (ip === undefined) throw new AppError('unreachable', `${host} has no address`);
  if (!ips.every(isLoopback)) throw refused(`${host}:${port}`, port);
  return ip;
}

const targetOf = (ip: string, port: number) => (isIP(ip) === 6 ? `ipv6:[${ip}]:${port}` : `ipv4:${ip}:${port}`);

const lookupAll: Lookup = async (name) => {
  try {
    return (await systemLookup(name, { all: true })).map(({ address }) => address);
  } catch (error) {
    throw new AppError('unreachable', `the name ${name} cannot be resolved: ${messageOf(error)}`, { cause: error });
  }
};
