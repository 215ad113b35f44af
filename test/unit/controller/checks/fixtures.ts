import type { Client, ClusterConfig, ClusterPolicy, ConnectConfig, Service } from '../../../../controller/config/cluster.js';
import type { Fleet } from '../../../../controller/fleet/fleet.js';
import { AppError } from '../../../../shared/errors.js';
import type { AgentApi } from '../../../../shared/model/agent-api.js';
import { Secret } from '../../../../shared/model/secret.js';
import type { ServiceSpec } from '../../../../shared/model/service.js';
import type { Clock } from '../../../../shared/ports/clock.js';

export const connectConfig = (over: Partial<ConnectConfig> = {}): ConnectConfig => ({
  login: '',
  passwd: new Secret(''),
  publicName: 'www.example.org',
  entity: 'plone',
  ...over,
});

export function aService(spec: Partial<ServiceSpec> = {}, over: Partial<Omit<Service, 'spec'>> = {}): Service {
  return {
    spec: { name: 'tcp1', type: 'TCPServer', serviceName: '', manager: 'auto', ip: '127.0.0.1', port: 1, ...spec },
    host: 'web1',
    timeoutMs: 10_000,
    startDeadlineMs: 300_000,
    stopDeadlineMs: 120_000,
    maxProcessSizeKb: 0,
    command: null,
    drain: null,
    url: '/',
    checkFrom: 'controller',
    depends: [],
    ...over,
  };
}

export const aClient = (spec: Partial<ServiceSpec> = {}, over: Partial<Omit<Client, 'spec'>> = {}): Client => ({
  ...aService({ name: 'client1', type: 'ZeoClient', ...spec }, over),
  pool: over.pool ?? 1,
});

export const aPolicy = (over: Partial<ClusterPolicy> = {}): ClusterPolicy => ({
  minActive: 1,
  maxFail: 0,
  batch: { kind: 'auto' },
  hooks: { beforeRoll: null, afterRoll: null, beforeClient: null, afterClient: null },
  restartAt: null,
  ...over,
});

export function aCluster(services: readonly Service[], over: Partial<ClusterConfig> = {}): ClusterConfig {
  return {
    path: '/etc/cluster.ini',
    services: new Map(services.map((service) => [service.spec.name, service])),
    clients: [],
    frontends: [],
    cluster: aPolicy(),
    connect: connectConfig(),
    feedcache: { urls: [], concurrency: 4 },
    monitor: {
      ...{ intervalMs: 60_000, action: 'check', failures: 2, recoveries: 1 },
      ...{ reminderMs: 3_600_000, maxMailsPerHour: 20, maxRepairsPerHour: 3 },
    },
    mail: null,
    controller: { address: null, stateDir: '/var/lib/ctl', heartbeatMs: 5000 },
    lockFile: 'ctl.lock',
    logFile: 'ctl.log',
    perfDir: null,
    pingCommand: null,
    ...over,
  };
}

/** Agents that do only what a test gives them; all other questions are `unsupported`, and all hosts not named are away. */
export function aFleet(agents: Readonly<Record<string, Partial<AgentApi>>>): Fleet {
  return {
    agent: (host) => answeringOnly(host, agents[host]),
    hosts: () => Object.keys(agents).map((host) => ({ host, connected: true, lastSeen: 0, version: '1', skewMs: null })),
    assign: () => undefined,
  };
}

function answeringOnly(host: string, given: Partial<AgentApi> | undefined): AgentApi {
  const no = () =>
    Promise.reject(
      given === undefined
        ? new AppError('unreachable', `the agent of ${host} is away`)
        : new AppError('unsupported', `the agent of ${host} cannot do it`),
    );
  // A stream rejects when it is read.
  const search: AgentApi['search'] = () => ({ [Symbol.asyncIterator]: () => ({ next: no }) });
  return {
    ping: no,
    process: no,
    observe: no,
    connections: no,
    log: no,
    search,
    start: no,
    stop: no,
    balancer: no,
    setBackend: no,
    rotation: no,
    rotate: no,
    memories: no,
    purgePlan: no,
    purge: no,
    probe: no,
    ...given,
  };
}

/** Time that passes only when somebody sleeps, and then at once. */
export function fakeClock(start = 1_000_000): Clock & { readonly slept: number[] } {
  let now = start;
  const slept: number[] = [];
  return {
    slept,
    now: () => now,
    sleep: async (ms, signal) => {
      signal.throwIfAborted();
      slept.push(ms);
      now += ms;
    },
  };
}

export const never = new AbortController().signal;
