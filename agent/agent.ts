import { createAgentApi } from './agent-api.js';
import { createBalancerDriver } from './balancers/index.js';
import { createAllowList } from './config/allow-list.js';
import type { AgentConfig } from './config/config.js';
import { createConnections } from './connections/index.js';
import { openLedger } from './ledger.js';
import { type AgentLink, createLink } from './link/link.js';
import { createRotation } from './rotate/rotate.js';
import { createLogSearch, createSinceStart } from './logs/index.js';
import { createMemory } from './memory/index.js';
import { createProcesses, createServiceManager, isBootedBySystemd } from './services/index.js';
import type { Lifecycle } from '../shared/lifecycle.js';
import type { Log } from '../shared/log.js';
import type { Clock } from '../shared/ports/clock.js';
import { exec } from '../shared/ports/exec.js';
import { makeFolder } from '../shared/ports/files.js';

export interface AgentDeps {
  readonly clock: Clock;
  readonly log: Log;
  readonly lifecycle: Lifecycle;
  /** Of the host: what its services inherit. */
  readonly env: Readonly<Record<string, string>>;
  readonly platform: NodeJS.Platform;
  readonly uid: number;
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
  const manager = createServiceManager({ commands, supervisor, stateDir, processes, clock, exec, env, platform, uid, booted });
  const rotation = createRotation({
    clock,
    exec,
    log,
    stateDir,
    platform,
    processes,
    processOf: (spec, signal) => manager.state(spec, signal),
  });
  const allow = createAllowList(config);
  const mayRestart = () => {
    allow.action('stop');
    allow.action('start');
  };
  const search = createLogSearch({ clock });
  const api = createAgentApi({
    name,
    version,
    clock,
    allow,
    manager,
    ledger,
    memory: createMemory(processes, platform),
    connections: createConnections(exec),
    log: createSinceStart(search),
    search,
    balancer: (spec) => createBalancerDriver(spec, { exec, manager, clock, stateDir, mayRestart }),
    rotation,
  });
  const link = createLink({ address: config.controller, name, version, api, clock, log });
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
  link.start();
  log.info({ controller: config.controller }, `ctl-agent ${name} dials its controller`);
  return link;
}
