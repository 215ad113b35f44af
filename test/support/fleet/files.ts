import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { identityFile } from '../../../agent/identity.js';
import { certify, identityFolder, issuerOf, readAuthorities } from '../../../controller/identity/authority.js';
import { openMembers } from '../../../controller/identity/members.js';
import { writeIdentityFile } from '../../../shared/pki/identity-file.js';
import { createRequest } from '../../../shared/pki/x509.js';

export interface FleetHost {
  readonly name: string;
  readonly services: readonly FleetService[];
}

export interface FleetService {
  readonly name: string;
  readonly ip: string;
  readonly port: number;
  readonly pidFile?: string;
  readonly logFile?: string;
}

/** Writes the cluster.ini of a fleet; its controller listens at `localhost:port`. */
export async function writeFleetIni(
  folder: string,
  port: number,
  hosts: readonly FleetHost[],
  monitor: string,
  defaults = '',
): Promise<string> {
  const services = hosts.flatMap((host) => host.services.map((service) => sectionOf(host.name, service)));
  const names = hosts.flatMap((host) => host.services.map(({ name }) => name));
  const ini = join(folder, 'cluster.ini');
  const head = [
    ...['[DEFAULT]', 'logfile = ctl.log', 'lock_file = ctl.lock', defaults, '[cluster]', `zeoclients = ${names.join(', ')}`],
    ...['[connect]', 'login = a', 'passwd = b', 'public_name = www.example.org', 'entity = site', monitor],
    ...['[controller]', `address = localhost:${port}`, `state_dir = ${join(folder, 'state')}`, ''],
  ];
  await writeFile(ini, [...head, ...services].join('\n'), { mode: 0o600 });
  return ini;
}

const sectionOf = (host: string, { name, ip, port, pidFile, logFile }: FleetService): string =>
  [
    ...[`[${name}]`, 'type = ZeoClient', `machine = ${host}`, `ip = ${ip}`, `port = ${port}`, 'pool = 1', `service_name = ${name}`],
    ...['service_manager = command', ...(pidFile === undefined ? [] : [`pid_file = ${pidFile}`])],
    ...(logFile === undefined ? [] : [`log_file = ${logFile}`]),
    '',
  ].join('\n');

/** Certificates for many hosts at once, as if each had joined; to be done while the controller does not run. Answers their state folders. */
export async function certifyHosts(folder: string, names: readonly string[]): Promise<{ name: string; stateDir: string }[]> {
  const identities = identityFolder(join(folder, 'state'));
  const authorities = await readAuthorities(identities);
  const authority = issuerOf(authorities);
  const now = Date.now();
  const members = await openMembers(identities, now);
  const trusted = authorities.map(({ certificate }) => certificate);
  const made: { name: string; stateDir: string }[] = [];
  for (const name of names) {
    const stateDir = join(folder, 'hosts', name);
    await mkdir(stateDir, { recursive: true, mode: 0o700 });
    const { key, request } = await createRequest();
    const member = { kind: 'agent', name } as const;
    const certificate = await certify(authority, request, member, now);
    await members.join({ member, certificate, authority: authority.info.fingerprint, invitedAt: now, replaces: false });
    await writeIdentityFile(identityFile(stateDir), { own: { key, certificate: certificate.pem }, authorities: trusted });
    made.push({ name, stateDir });
  }
  return made;
}
