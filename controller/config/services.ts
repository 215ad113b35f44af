import type { IniSection } from '../../shared/ini/ini.js';
import type { RotationSpec } from '../../shared/model/rotation.js';
import type { CacheSpec, LogSpec, ServiceSpec } from '../../shared/model/service.js';
import { readBalancer } from './balancers.js';
import type { RotationSchedule, Service } from './cluster.js';
import type { Member } from './inventory.js';
import { placeOf, type Reader } from './reader.js';
import { SERVICE_DEFAULTS } from './schema/defaults.js';
import { keysOfService } from './schema/schema.js';
import { CLIENT_KEYS, COMMON_KEYS, HTTP_KEYS, SQUID_KEYS, VARNISH_KEYS } from './schema/services.js';

export type Commands = ReadonlyMap<string, NonNullable<Service['command']>>;

/** What a service takes from elsewhere in the file. */
export interface Surroundings {
  readonly commands: Commands;
  /** `archivedir` of [cluster], for those that have none of their own. */
  readonly archiveDir: string;
}

/** One service from its section. */
export function readService({ section, type }: Member, { commands, archiveDir }: Surroundings, reader: Reader): Service {
  reader.check(section, keysOfService(type));
  const read: Reader['read'] = (_, key) => reader.read(section, key);
  const rotation = readRotation({ section, type }, archiveDir, reader);
  const balancer = readBalancer({ section, type }, reader);
  const spec: ServiceSpec = {
    ...readSpec({ section, type }, reader),
    ...(balancer === null ? {} : { balancer: balancer.spec }),
    ...(rotation === undefined ? {} : { rotation }),
  };
  const machine = read(section, COMMON_KEYS.machine);
  if (machine === '') {
    reader.report(
      'warning',
      placeOf(section, 'machine'),
      `is missing: the host goes by the name ${spec.ip}`,
      'it is the name of the agent there',
    );
  }
  return {
    spec,
    host: machine === '' ? spec.ip : machine,
    timeoutMs: read(section, SERVICE_DEFAULTS.timeout),
    startDeadlineMs: read(section, SERVICE_DEFAULTS.start_deadline),
    stopDeadlineMs: read(section, SERVICE_DEFAULTS.stop_deadline),
    maxProcessSizeKb: read(section, SERVICE_DEFAULTS.max_process_size),
    command: (spec.serviceName === '' ? undefined : commands.get(spec.serviceName)) ?? null,
    drain: balancer?.drain ?? null,
    url: type === 'HttpServer' ? read(section, HTTP_KEYS.url) : '/',
    checkFrom: read(section, SERVICE_DEFAULTS.check_from),
    depends: read(section, COMMON_KEYS.depends),
    ...(rotation === undefined ? {} : { schedule: readSchedule(section, reader) }),
  };
}

function readSpec({ section, type }: Member, reader: Reader): ServiceSpec {
  const pidFile = reader.read(section, COMMON_KEYS.pid_file);
  const log = type === 'ZeoClient' ? readLog(section, reader) : undefined;
  const cache = readCache({ section, type }, reader);
  const manager = reader.read(section, SERVICE_DEFAULTS.service_manager);
  return {
    name: section.name,
    type,
    serviceName: reader.read(section, COMMON_KEYS.service_name),
    manager: manager === '' ? 'auto' : manager,
    ip: reader.read(section, COMMON_KEYS.ip),
    port: reader.read(section, COMMON_KEYS.port),
    ...(pidFile === '' ? {} : { pidFile }),
    ...(log === undefined ? {} : { log }),
    ...(cache === undefined ? {} : { cache }),
  };
}

function readLog(section: IniSection, reader: Reader): LogSpec | undefined {
  const file = reader.read(section, CLIENT_KEYS.log_file);
  if (file === '') return undefined;
  return {
    file,
    readyPattern: reader.read(section, CLIENT_KEYS.ready_pattern),
    criticalPattern: reader.read(section, SERVICE_DEFAULTS.critical_errors),
    ignorePattern: reader.read(section, CLIENT_KEYS.ignore_errors),
  };
}

function readRotation({ section, type }: Member, archiveDir: string, reader: Reader): RotationSpec | undefined {
  const logs = reader.read(section, COMMON_KEYS.rotate_logs);
  if (logs.length === 0) return undefined;
  const own = reader.read(section, SERVICE_DEFAULTS.archivedir);
  return {
    logs,
    archiveDir: own === '' ? archiveDir : own,
    compress: reader.read(section, SERVICE_DEFAULTS.archive_compress),
    keepDays: reader.read(section, SERVICE_DEFAULTS.archive_keep),
    method: reader.read(section, SERVICE_DEFAULTS.rotate_method),
    ...(type === 'Squid' ? { squid: { exe: reader.read(section, SQUID_KEYS.exe), conf: reader.read(section, SQUID_KEYS.conf) } } : {}),
  };
}

function readSchedule(section: IniSection, reader: Reader): RotationSchedule {
  return {
    at: reader.read(section, SERVICE_DEFAULTS.rotate_at),
    atBytes: reader.read(section, SERVICE_DEFAULTS.rotate_size) * 1024 * 1024,
  };
}

function readCache({ section, type }: Member, reader: Reader): CacheSpec | undefined {
  if (type === 'Squid') {
    return {
      kind: 'squid',
      folder: reader.read(section, SQUID_KEYS.cache_dir),
      exe: reader.read(section, SQUID_KEYS.exe),
      conf: reader.read(section, SQUID_KEYS.conf),
    };
  }
  if (type !== 'Varnish') return undefined;
  return { kind: 'varnish', admin: reader.read(section, VARNISH_KEYS.admin), secretFile: reader.read(section, VARNISH_KEYS.secret_file) };
}
