import { hasErrors, type IniDocument } from '../../shared/ini/ini.js';
import { addressOf, BALANCER_TYPES } from '../../shared/model/service.js';
import type { ClusterConfig, Service } from './cluster.js';
import { placeOf, type Place, type Reader } from './reader.js';
import { GLOBAL_KEYS } from './schema/defaults.js';
import { COMMAND_SECTION } from './schema/schema.js';

/** What no single value shows: two services on one address, numbers that cannot hold together, parts that are missing. */
export function crossCheck(document: IniDocument, config: ClusterConfig, reader: Reader): void {
  const place = (section: string, key: string | null = null): Place => {
    const found = document.sections.get(section);
    return found === undefined ? { section, key, line: null } : placeOf(found, key);
  };
  sharedAddresses(config, place, reader);
  // A balancer that could not be read is not one that is missing.
  if (!hasErrors(reader.problems)) poolsWithoutBalancer(config, place, reader);
  activeClients(config, place, reader);
  serviceNames(document, config, place, reader);
  pingOfWindows(document, config, reader);
}

type PlaceIn = (section: string, key?: string | null) => Place;

function sharedAddresses(config: ClusterConfig, place: PlaceIn, reader: Reader): void {
  const taken = new Map<string, string>();
  for (const { spec } of config.services.values()) {
    if (spec.ip === '') continue;
    const address = addressOf(spec);
    const other = taken.get(address);
    if (other === undefined) taken.set(address, spec.name);
    else
      reader.report('error', place(spec.name, 'port'), `${address} is the address of [${other}] (line ${place(other).line ?? 0}) already`);
  }
}

function poolsWithoutBalancer(config: ClusterConfig, place: PlaceIn, reader: Reader): void {
  const pooled = config.clients.some((client) => client.pool > 0);
  if (!pooled || [...config.services.values()].some((service) => service.spec.balancer !== undefined)) return;
  reader.report(
    'warning',
    place('cluster', 'frontend'),
    `no ${BALANCER_TYPES.join(' or ')} is listed: clients restart one after another and requests will fail meanwhile`,
  );
}

function activeClients(config: ClusterConfig, place: PlaceIn, reader: Reader): void {
  const pooled = config.clients.filter((client) => client.pool > 0).length;
  const { minActive } = config.cluster;
  if (place('cluster', 'min_active').line === place('cluster').line || minActive < pooled || minActive === 0) return;
  const message = `${minActive} can never hold during a roll: there are ${pooled} clients in the pools, and one at a time goes out`;
  reader.report('warning', place('cluster', 'min_active'), message);
}

function serviceNames(document: IniDocument, config: ClusterConfig, place: PlaceIn, reader: Reader): void {
  const used = new Map<string, Service>();
  for (const service of config.services.values()) {
    const { name, serviceName, type } = service.spec;
    if (serviceName === '') {
      if (type === 'TCPServer' || type === 'HttpServer') continue;
      reader.report('warning', place(name, 'service_name'), 'is missing: this service can be checked, but not started or stopped');
      continue;
    }
    const other = used.get(`${service.host}\n${serviceName}`);
    if (other !== undefined)
      reader.report('warning', place(name, 'service_name'), `"${serviceName}" on ${service.host} is [${other.spec.name}] already`);
    used.set(`${service.host}\n${serviceName}`, service);
    if (service.spec.manager === 'command' && config.controller.address === null && service.command === null) {
      reader.report(
        'warning',
        place(name, 'service_name'),
        `there is no section [command ${serviceName}]: this service can't be started or stopped from here`,
      );
    }
  }
  const called = new Set([...config.services.values()].map((service) => service.spec.serviceName));
  for (const [title, section] of document.sections) {
    const name = COMMAND_SECTION.exec(title)?.[1]?.trim();
    if (name !== undefined && !called.has(name))
      reader.report('warning', placeOf(section), 'no service has this service_name: it is ignored');
  }
}

/** `-n 1` is one packet on Windows; elsewhere `-n` takes no number, and 1 becomes the host. */
function pingOfWindows(document: IniDocument, config: ClusterConfig, reader: Reader): void {
  const argv = reader.read(document.defaults, GLOBAL_KEYS.ping_command);
  const at = argv?.indexOf('-n') ?? -1;
  if (at < 0 || !/^\d+$/.test(argv?.[at + 1] ?? '') || !config.path.startsWith('/')) return;
  reader.report('warning', placeOf(document.defaults, 'ping_command'), '"-n" does not count on this system', 'write -c');
}
