import { hasErrors, parseIni, sortProblems, type IniDocument, type Problem } from '../../shared/ini/ini.js';
import { referencesOf } from '../../shared/ini/interpolation.js';
import type { Client, ClusterConfig, Service } from './cluster.js';
import { readCommands, readSupervisor } from './commands.js';
import { crossCheck } from './crosschecks.js';
import { takeInventory, type Inventory } from './inventory.js';
import { createReader, type Reader } from './reader.js';
import { GLOBAL_KEYS } from './schema/defaults.js';
import { ANY_KEYS, DEFAULT_KEYS, FIXED_SECTIONS } from './schema/schema.js';
import { CLUSTER_KEYS, CONNECT_KEYS, CONTROLLER_KEYS, FEEDCACHE_KEYS } from './schema/sections.js';
import { CLIENT_KEYS } from './schema/services.js';
import { readMail, readMonitor } from './watching.js';
import { NO_SECRETS, readPassword, maskSecrets, type SecretSources } from './secrets.js';
import { readService } from './services.js';

export interface LoadedCluster {
  /** null if there is an error among the problems. */
  readonly config: ClusterConfig | null;
  readonly problems: readonly Problem[];
  /** Every value with its place. */
  readonly document: IniDocument;
}

interface ParseOptions {
  /** What messages call the file; default: its path. */
  readonly file?: string;
  readonly secrets?: SecretSources;
}

/** Reads a cluster.ini that stands at `path` (by which relative paths go). Pure; never throws: all problems come at once. */
export function parseCluster(content: Uint8Array | string, path: string, options: ParseOptions = {}): LoadedCluster {
  const { document, problems } = parseIni(content, options.file ?? path);
  // Nothing was read: "there is no section [cluster]" would hide the reason.
  const unreadable = document.sections.size === 0 && hasErrors(problems);
  if (unreadable) return { config: null, problems, document };
  const reader = createReader(document, path, mentionedNames(document));
  const config = readConfig(document, path, options.secrets ?? NO_SECRETS, reader);
  const all = sortProblems(maskSecrets(document, [...problems, ...reader.problems]));
  return { config: hasErrors(all) ? null : config, problems: all, document };
}

function readConfig(document: IniDocument, path: string, secrets: SecretSources, reader: Reader): ClusterConfig {
  for (const [name, keys] of Object.entries(FIXED_SECTIONS)) {
    const section = document.sections.get(name);
    if (section !== undefined) reader.check(section, keys);
  }
  for (const key of Object.values(DEFAULT_KEYS)) reader.read(document.defaults, key);
  reader.unknown(document.defaults, ANY_KEYS);
  const config = {
    path,
    ...readServices(document, takeInventory(document, reader), reader),
    ...readPolicies(document, secrets, reader),
    supervisorSocket: readSupervisor(document, reader),
  };
  crossCheck(document, config, reader);
  return config;
}

function readServices(document: IniDocument, { clients, frontends, others }: Inventory, reader: Reader) {
  const surroundings = {
    commands: readCommands(document, reader),
    archiveDir: reader.read(document.sections.get('cluster'), CLUSTER_KEYS.archivedir),
  };
  const services = new Map<string, Service>();
  const add = <S extends Service>(service: S): S => {
    services.set(service.spec.name, service);
    return service;
  };
  const pooled = clients.map((member): Client => {
    const pool = member.type === 'ZeoClient' ? reader.read(member.section, CLIENT_KEYS.pool) : 0;
    return add({ ...readService(member, surroundings, reader), pool });
  });
  const front = frontends.map((member) => add(readService(member, surroundings, reader)));
  for (const member of others) add(readService(member, surroundings, reader));
  return { services, clients: pooled, frontends: front };
}

function readPolicies(document: IniDocument, secrets: SecretSources, reader: Reader) {
  const cluster = document.sections.get('cluster');
  const connect = document.sections.get('connect');
  const feedcache = document.sections.get('feedcache');
  const controller = document.sections.get('controller');
  return {
    cluster: {
      minActive: reader.read(cluster, CLUSTER_KEYS.min_active),
      maxFail: reader.read(cluster, CLUSTER_KEYS.max_fail),
      batch: reader.read(cluster, CLUSTER_KEYS.batch),
      hooks: {
        beforeRoll: reader.read(cluster, CLUSTER_KEYS.before_roll),
        afterRoll: reader.read(cluster, CLUSTER_KEYS.after_roll),
        beforeClient: reader.read(cluster, CLUSTER_KEYS.before_client),
        afterClient: reader.read(cluster, CLUSTER_KEYS.after_client),
      },
      restartAt: reader.read(cluster, CLUSTER_KEYS.restart_at),
    },
    connect: {
      login: reader.read(connect, CONNECT_KEYS.login),
      passwd: readPassword(document, secrets, reader),
      publicName: reader.read(connect, CONNECT_KEYS.public_name),
      entity: reader.read(connect, CONNECT_KEYS.entity),
    },
    feedcache: { urls: reader.read(feedcache, FEEDCACHE_KEYS.url), concurrency: reader.read(feedcache, FEEDCACHE_KEYS.concurrency) },
    monitor: readMonitor(document.sections.get('monitor'), reader),
    mail: readMail(document.defaults, secrets, reader),
    controller: {
      address: reader.read(controller, CONTROLLER_KEYS.address),
      stateDir: reader.read(controller, CONTROLLER_KEYS.state_dir),
      heartbeatMs: reader.read(controller, CONTROLLER_KEYS.heartbeat),
    },
    lockFile: reader.read(document.defaults, GLOBAL_KEYS.lock_file),
    logFile: reader.read(document.defaults, GLOBAL_KEYS.logfile),
    perfDir: orNull(reader.read(document.defaults, GLOBAL_KEYS.perfdir)),
    pingCommand: reader.read(document.defaults, GLOBAL_KEYS.ping_command),
  };
}

const orNull = (value: string): string | null => (value === '' ? null : value);

/** Names that some value refers to: a key that nothing reads is not junk if it is a part of others. */
function mentionedNames(document: IniDocument): ReadonlySet<string> {
  const sections = [document.defaults, ...document.sections.values()];
  return new Set(sections.flatMap((section) => [...section.own.values()].flatMap((entry) => referencesOf(entry.raw))));
}
