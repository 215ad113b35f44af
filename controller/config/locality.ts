import { BlockList, isIP } from 'node:net';
import { isLoopback } from '../../shared/rpc/address.js';
import type { ClusterConfig, Service } from './cluster.js';

/** The host that this process runs on. */
export interface ThisHost {
  readonly name: string;
  /** Of its interfaces. */
  readonly addresses: readonly string[];
}

export interface LocatedCluster {
  /**
   * Every host in it is either wholly here or wholly elsewhere: a service elsewhere that shares the name of its machine with one that is
   * here goes by its ip. Nothing here can start or stop a service elsewhere, so it has no `serviceName`.
   */
  readonly config: ClusterConfig;
  /** The names under which this host stands in the file. */
  readonly localHosts: ReadonlySet<string>;
}

/** Which services are of this host: those whose `machine` is its name, and those whose `ip` is one of its addresses. Pure. */
export function locateServices(config: ClusterConfig, here: ThisHost): LocatedCluster {
  const isHere = isOf(here);
  const localHosts = new Set([...config.services.values()].filter(isHere).map((service) => service.host));
  const locate = <S extends Service>(service: S): S => {
    if (isHere(service)) return service;
    return { ...service, host: localHosts.has(service.host) ? service.spec.ip : service.host, spec: { ...service.spec, serviceName: '' } };
  };
  const clients = config.clients.map(locate);
  const frontends = config.frontends.map(locate);
  // A service is one object wherever it stands.
  const listed = new Map([...clients, ...frontends].map((service): [string, Service] => [service.spec.name, service]));
  const services = new Map([...config.services].map(([name, service]) => [name, listed.get(name) ?? locate(service)]));
  return { config: { ...config, services, clients, frontends }, localHosts };
}

function isOf({ name, addresses }: ThisHost): (service: Service) => boolean {
  const names = new Set([name, name.split('.')[0] ?? name].map((one) => one.toLowerCase()));
  const own = new BlockList();
  for (const address of addresses) own.addAddress(address, familyOf(address));
  const isOwn = (ip: string) => isLoopback(ip) || own.check(ip, familyOf(ip));
  return ({ host, spec: { ip } }) => names.has(host.toLowerCase()) || (isIP(ip) === 0 ? ip.toLowerCase() === 'localhost' : isOwn(ip));
}

const familyOf = (ip: string): 'ipv4' | 'ipv6' => (isIP(ip) === 6 ? 'ipv6' : 'ipv4');
