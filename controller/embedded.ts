import { access, constants, mkdtemp, rm } from 'node:fs/promises';
import { hostname, networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLockActions } from './actions/lock.js';
import { createMailActions } from './actions/mail.js';
import { perf } from './actions/perf.js';
import { createRecords } from './actions/records.js';
import { lockOf, startController } from './app.js';
import type { ClusterConfig } from './config/cluster.js';
import { loadCluster } from './config/load.js';
import { selectIn } from './config/select.js';
import { fixedConfig } from './config/source.js';
import { locateServices, type LocatedCluster, type ThisHost } from './config/locality.js';
import { isHeld } from './rolling/lock.js';
import { startAgent } from '../agent/agent.js';
import { ACTIONS } from '../agent/config/schema.js';
import type { AgentConfig } from '../agent/config/config.js';
import { resolveCache, resolveRotation, resolveSpec } from '../agent/paths.js';
import { linkSignals, throwIfAborted } from '../shared/abort.js';
import { AppError, toAppError } from '../shared/errors.js';
import { formatProblem } from '../shared/ini/ini.js';
import { createLifecycle, type Lifecycle } from '../shared/lifecycle.js';
import { createLogger } from '../shared/log.js';
import type { ControlApi } from '../shared/model/control-api.js';
import type { ServiceSpec } from '../shared/model/service.js';
import { systemClock } from '../shared/ports/clock.js';
import { makeFolder } from '../shared/ports/files.js';
import { identifyProcess } from '../shared/ports/process-identity.js';

export interface EmbeddedOptions {
  /** cluster.ini. */
  readonly file: string;
  /** Of this process: what the services inherit, and where `passwd_env` is looked up. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly version: string;
  /** `user@host` of who types. */
  readonly by: string;
}

/** A controller in this process. It has to be closed; until then it owns the state_dir if it was asked for more than its records. */
export type EmbeddedControl = ControlApi & { close(): Promise<void> };

/**
 * Embedded mode: the same controller and one agent in this process, over a unix socket, on a file without `[controller] address`. What is
 * on record is told without either; they start with the first call that needs them.
 * Errors: `config` (of the file, all at once; of a state_dir that cannot be used). Such a call rejects with `conflict` if a controller that
 * lives owns the state_dir.
 */
export async function openEmbedded(options: EmbeddedOptions): Promise<EmbeddedControl> {
  const { config: whole, problems } = await loadCluster(options.file, options.env);
  if (whole === null) {
    const errors = problems.filter((problem) => problem.severity === 'error');
    throw new AppError('config', errors.map(formatProblem).join('\n'), { hint: '`ctl config check` shows warnings too' });
  }
  const here = thisHost();
  const located = locateServices(whole, here);
  const { config } = located;
  await usable(config.controller.stateDir);
  const isOwned = () => isHeld(lockOf(config), { identify: identifyProcess });
  const select = selectIn({ current: () => config }, 'frontends and clients');
  let starting: Promise<Started> | null = null;
  const controller = async (signal: AbortSignal): Promise<ControlApi> => {
    starting ??= start(options, located, here, signal);
    return (await starting).api;
  };

  return {
    ...createRecords({ config, select, clock: systemClock, isOwned }),
    ...createMailActions(() => config, systemClock),
    ...createLockActions(() => config, { identify: identifyProcess }),
    memory: async (request, signal) => (await controller(signal)).memory(request, signal),
    perf: (request, signal) => perf({ config: () => config, select, clock: systemClock }, request, signal),
    diffConfig: () => fixedConfig(config, []).diff(),
    check: async (request, signal) => (await controller(signal)).check(request, signal),
    balancers: async (signal) => (await controller(signal)).balancers(signal),
    setBackends: async (request, signal) => (await controller(signal)).setBackends(request, signal),
    plan: async (request, signal) => (await controller(signal)).plan(request, signal),
    async *log(request, signal) {
      yield* (await controller(signal)).log(request, signal);
    },
    async *run(request, signal) {
      yield* (await controller(signal)).run(request, signal);
    },
    async *resume(id, by, signal) {
      yield* (await controller(signal)).resume(id, by, signal);
    },
    async halt(id, how, by, signal) {
      const api = await controller(signal);
      await api.halt(id, how, by, signal);
      // What it has in hand is finished by this process, or by nobody.
      for await (const event of api.events(id, { follow: true }, new AbortController().signal)) if (event.type === 'result') break;
    },
    async close() {
      const started = await starting?.catch(() => null);
      await started?.lifecycle.shutdown('done');
    },
  };
}

interface Started {
  readonly api: ControlApi;
  readonly lifecycle: Lifecycle;
}

async function start(options: EmbeddedOptions, located: LocatedCluster, here: ThisHost, signal: AbortSignal): Promise<Started> {
  const { version } = options;
  const { config, localHosts } = located;
  const log = createLogger({ name: 'ctl', file: config.logFile });
  const lifecycle = createLifecycle({ log });
  const deps = { clock: systemClock, log, lifecycle };
  try {
    // Nobody but this user can reach what is in it.
    const folder = await mkdtemp(join(tmpdir(), 'ctl-'));
    lifecycle.onShutdown('socket', () => rm(folder, { recursive: true, force: true }));
    const address = `unix:${join(folder, 'controller')}`;
    const embedded = { agent: here.name, hosts: localHosts };
    const owner = { what: 'ctl', by: options.by };
    const source = fixedConfig(config, warningsOf(located, here));
    const { api, endHolds } = await untilFree(config, signal, () => startController(deps, { source, address, version, owner, embedded }));
    const { whenConnected } = await startAgent(
      { ...deps, env: definedIn(options.env), platform: process.platform, uid: process.getuid?.() ?? 0, watches: false },
      await agentConfig(located, here, address),
      version,
    );
    using bound = linkSignals([signal], CONNECT_MS, 'the agent in this process');
    await whenConnected(bound.signal);
    // No controller stays here to see to it.
    await endHolds(signal);
    return { api, lifecycle };
  } catch (error) {
    await lifecycle.shutdown('it could not start');
    throw error;
  }
}

const CONNECT_MS = 5_000;

function warningsOf({ config, localHosts }: LocatedCluster, here: ThisHost): string[] {
  const others = [...new Set([...config.services.values()].map(({ host }) => host))].filter((host) => !localHosts.has(host));
  if (others.length === 0) return [];
  return [
    `not on this host (${here.name}): ${others.join(', ')}: what runs there is asked by TCP and HTTP only. \`[controller] address\` and an agent on every host show the rest`,
  ];
}

/** Another `ctl` may just be finishing a check: worth a moment. One that does not end is told. */
async function untilFree<T>(config: ClusterConfig, signal: AbortSignal, claim: () => Promise<T>): Promise<T> {
  for (const deadline = systemClock.now() + OWNER_MS; ;) {
    throwIfAborted(signal);
    try {
      return await claim();
    } catch (error) {
      if (!(error instanceof AppError && error.code === 'conflict')) throw error;
      if (systemClock.now() >= deadline) throw owned(config, error);
    }
    await systemClock.sleep(OWNER_POLL_MS, signal);
  }
}

const OWNER_MS = 3_000;
const OWNER_POLL_MS = 100;

const owned = (config: ClusterConfig, cause: AppError): AppError =>
  new AppError('conflict', `a controller works with ${config.controller.stateDir} already: ${cause.message}`, {
    hint: '`ctl status` and `ctl operations list` work meanwhile. If it is a ctl-controller, set its `[controller] address` in cluster.ini',
    cause,
  });

async function usable(stateDir: string): Promise<void> {
  try {
    await makeFolder(stateDir);
    await access(stateDir, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (error) {
    throw toAppError(
      error,
      'config',
      `the state_dir ${stateDir} cannot be used`,
      'run ctl as the user who owns it, or set `[controller] state_dir`',
    );
  }
}

function thisHost(): ThisHost {
  const addresses = Object.values(networkInterfaces()).flatMap((all) => (all ?? []).map(({ address }) => address));
  return { name: hostname(), addresses };
}

/** What agent.ini would say: this host's services, with exactly the names, paths and commands that cluster.ini has for them. */
async function agentConfig({ config, localHosts }: LocatedCluster, here: ThisHost, controller: string): Promise<AgentConfig> {
  const services = [...config.services.values()].filter((service) => localHosts.has(service.host));
  const paths = new Set<string>();
  for (const { spec } of services) for (const path of await pathsOf(spec)) paths.add(path);
  const allowed = (patterns: Iterable<string>) => ({ patterns: [...patterns], line: null });
  return {
    file: config.path,
    name: here.name,
    controller,
    stateDir: join(config.controller.stateDir, 'agent'),
    allow: { services: allowed(services.map(({ spec }) => spec.serviceName)), paths: allowed(paths), actions: allowed(ACTIONS) },
    commands: new Map(services.flatMap(({ spec, command }) => (command === null ? [] : [[spec.serviceName, command] as const]))),
    warnings: [],
    ...(config.supervisorSocket == null ? {} : { supervisor: { socket: config.supervisorSocket } }),
  };
}

/** Every path that the agent will ask its list for, as it is written and as what it really is. */
async function pathsOf(spec: ServiceSpec): Promise<ReadonlySet<string>> {
  const asked = new Set<string>();
  const list = { service: () => undefined, action: () => undefined, path: (path: string) => void asked.add(path) };
  // A path that cannot be followed is told by the agent, when that service is asked for.
  await resolveSpec(spec, list).catch(() => undefined);
  if (spec.cache !== undefined) await resolveCache(spec.cache, list).catch(() => undefined);
  if (spec.rotation !== undefined) await resolveRotation(spec.rotation, list).catch(() => undefined);
  return asked;
}

const definedIn = (env: EmbeddedOptions['env']): Record<string, string> =>
  Object.fromEntries(Object.entries(env).flatMap(([key, value]) => (value === undefined ? [] : [[key, value]])));
