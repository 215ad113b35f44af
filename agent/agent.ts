import { createAgentApi } from './agent-api.js';
import { createBalancerDriver, recoverPounds, untilRestarted } from './balancers/index.js';
import { createCaches } from './caches/index.js';
import { createAllowList } from './config/allow-list.js';
import type { AgentConfig } from './config/config.js';
import { createConnections } from './connections/index.js';
import { createAgentIdentity } from './identity.js';
import { openEventBuffer } from './events/event-buffer.js';
import { openLedger } from './ledger.js';
import { type AgentLink, createLink } from './link/link.js';
import { createRotation } from './rotate/rotate.js';
import { createLogSearch, createSinceStart, rememberAtRest } from './logs/index.js';
import { createMemories, createMemory } from './memory/index.js';
import { resolveCache } from './paths.js';
import { createProcesses, createServiceManager, isBootedBySystemd } from './services/index.js';
import { startWatch } from './watch/watch.js';
import type { Lifecycle } from '../shared/lifecycle.js';
import type { Log } from '../shared/log.js';
import type { ServiceSpec } from '../shared/model/service.js';
import type { WallClock } from '../shared/ports/clock.js';
import { exec } from '../shared/ports/exec.js';
import { makeFolder } from '../shared/ports/files.js';

export interface AgentDeps {
  readonly clock: WallClock;
  readonly log: Log;
  readonly lifecycle: Lifecycle;
  /** Of the host: what its services inherit. */
  readonly env: Readonly<Record<string, string>>;
  readonly platform: NodeJS.Platform;
  readonly uid: number;
  /** Whether it looks after the services by itself, for as long as it lives. */
  readonly watches: boolean;
}

/** An agent that dials its controller when this resolves, and ends with the lifecycle. Errors: `config`, `failed` (its state cannot be read). */
export async function startAgent(deps: AgentDeps, config: AgentConfig, version: string): Promise<Pick<AgentLink, 'whenConnected'>> {
  const { clock, log, lifecycle, env, platform, uid } = deps;
  const { name, stateDir, commands, supervisor } = config;
  await makeFolder(stateDir);
  const ledger = await openLedger(stateDir);
  lifecycle.onShutdown('ledger', () => ledger.close());
  const processes = createProcesses();
  const booted = await isBootedBySystemd();
  const allow = createAllowList(config);
  const ofHost = createServiceManager({ commands, supervisor, stateDir, processes, clock, exec, env, platform, uid, booted });
  const events = deps.watches ? await openEventBuffer(stateDir) : null;
  lifecycle.onShutdown('events', async () => events?.close());
  const watch = events === null ? null : await startWatch({ clock, log, allow, manager: ofHost, processes, events, stateDir, platform });
  lifecycle.onShutdown('watch', async () => watch?.stop());
  const manager = watch?.manager ?? ofHost;
  const rotation = createRotation({
    clock,
    exec,
    log,
    stateDir,
    platform,
    processes,
    processOf: (spec, signal) => manager.state(spec, signal),
  });
  const mayRestart = () => {
    allow.action('stop');
    allow.action('start');
  };
  // No Pound stays down because we end, or have ended, in the midst of its restart.
  lifecycle.onShutdown('restarts of Pound', untilRestarted, RESTART_MS);
  const mayStart = ({ serviceName }: ServiceSpec) => {
    allow.service(serviceName);
    allow.action('start');
  };
  const memory = createMemory(processes, platform);
  const mayPurge = async ({ serviceName, cache }: ServiceSpec) => {
    allow.service(serviceName);
    allow.action('purge');
    mayRestart();
    if (cache !== undefined) await resolveCache(cache, allow);
  };
  const caches = createCaches({ manager, clock, exec, log, stateDir, mayPurge });
  // No Squid stays down because we end.
  lifecycle.onShutdown('purges', () => caches.stop(deps.watches ? 0 : DELETE_MS), PURGE_MS);
  const search = createLogSearch({ clock });
  const api = createAgentApi({
    name,
    version,
    clock,
    allow,
    manager,
    ledger,
    memory,
    memories: createMemories({ processes, memoryOf: memory, platform }),
    connections: createConnections(exec),
    log: rememberAtRest(createSinceStart(search)),
    search,
    balancer: (spec) => createBalancerDriver(spec, { exec, manager, clock, stateDir, mayRestart }),
    rotation,
    caches,
    refused: (verb, service, { message }) => log.warn({ refused: verb, service }, `refused ${verb} of ${service}: ${message}`),
  });
  const assign = (services: readonly ServiceSpec[]): void => {
    api.assign(services);
    watch?.assign(services);
  };
  const link = createLink({
    address: config.controller,
    name,
    version,
    api: { ...api, assign },
    ...(events === null ? {} : { events }),
    identity: createAgentIdentity({ clock, log }, { stateDir, name }),
    clock,
    log,
  });
  lifecycle.onShutdown('link', () => link.stop());
  // What a crash broke off; what cannot be ended now is tried again before the next rotation.
  const recovering = new AbortController();
  const recovered = rotation
    .recover(recovering.signal)
    .catch((error: unknown) => log.error({ error }, 'rotations that were broken off are not ended'));
  lifecycle.onShutdown('rotations', async () => {
    recovering.abort();
    await recovered;
  });
  void recoverPounds({ stateDir, manager, mayStart }).then(
    (told) => told.forEach((line) => log.warn({}, line)),
    (error: unknown) => log.error({ error }, 'restarts of Pound that were broken off are not finished'),
  );
  void caches.recover().then(
    (told) => told.forEach((line) => log.warn({}, line)),
    (error: unknown) => log.error({ error }, 'purges that were broken off are not finished'),
  );
  link.start();
  log.info({ controller: config.controller }, `ctl-agent ${name} dials its controller`);
  return link;
}

/** An agent that lives for one action alone deletes what it has moved aside before it ends. */
const DELETE_MS = 30_000;
/** A round of orders to a Pound has ended by then. */
const RESTART_MS = 60_000;
/** A Squid that is being purged is back by then. */
const PURGE_MS = 60_000;
