import { join } from 'node:path';
import { refusedChange } from './actions/audit.js';
import { createControlApi } from './api/control-api.js';
import { createControlService } from './api/control-service.js';
import type { ClusterConfig } from './config/cluster.js';
import { identityFolder } from './identity/authority.js';
import { type ControllerIdentity, openIdentity } from './identity/identity.js';
import type { Observation } from './incidents/observation.js';
import { endHolds } from './keepers/hold-keeper.js';
import { startKeepers } from './keepers/keepers.js';
import { openParts, type Parts, type PartsDeps, type PartsOptions } from './parts.js';
import { acquireLock } from './rolling/lock.js';
import { AppError } from '../shared/errors.js';
import type { ControlApi } from '../shared/model/control-api.js';
import { makeFolder } from '../shared/ports/files.js';
import { identifyProcess } from '../shared/ports/process-identity.js';
import { type Address, parseAddress } from '../shared/rpc/address.js';
import { createRpcServer } from '../shared/rpc/server.js';

export interface ControllerOptions extends PartsOptions {
  /** Where to listen: `[controller] address`, or a socket of our own in embedded mode. */
  readonly address: string;
  /** Who owns the state_dir, as others read it in its lock. */
  readonly owner: { readonly what: string; readonly by: string };
}

export type ControllerDeps = Omit<PartsDeps, 'lock'>;

export interface Controller {
  readonly api: ControlApi;
  /** Where it listens, with the real port. */
  readonly address: Address;
  /** Lets clients in whose time out of the balancer is over: for one that does not stay to see to it. */
  readonly endHolds: (signal: AbortSignal) => Promise<void>;
}

/**
 * A controller that serves when this resolves; it ends with the lifecycle.
 * Errors: `conflict` (another controller owns the state_dir, or the address), `config`, `failed` (a state file that cannot be read).
 */
export async function startController(deps: ControllerDeps, options: ControllerOptions): Promise<Controller> {
  const { clock, log, lifecycle } = deps;
  const { source, embedded } = options;
  const config = source.current();
  const lock = { identify: identifyProcess };
  await makeFolder(config.controller.stateDir);
  const owned = await acquireLock(lockOf(config), options.owner, lock);
  lifecycle.onShutdown('state_dir', () => owned.release());
  const parts = await openParts({ ...deps, lock }, options);
  const { links, operations, holds, balancer } = parts;
  const api = createControlApi(parts, { source, clock, lock });

  const address = parseAddress(options.address);
  const identity = await openIdentityFor(address, parts, deps, config);
  const services = [links.service, createControlService(api), ...(identity === null ? [] : [identity.service])];
  const server = createRpcServer({ log }, { address, services, certified: identity?.certificates });
  lifecycle.onShutdown('links', () => links.stop());
  lifecycle.onShutdown('server', () => server.stop());
  // Ends before they do: whoever follows it is told, and the next controller takes it up again.
  lifecycle.onShutdown('operation', () => operations.stop());
  // Before anybody can ask: an operation that was left unfinished is never seen as one that nobody carries out. Its agents come as they dial.
  await operations.recover();
  await server.start();
  if (embedded === null) startKeepers(parts, deps, source);
  log.info({ config: config.path, clients: config.clients.length }, 'ctl-controller is ready');
  return { api, address: server.address(), endHolds: (signal) => endHolds({ holds, actions: balancer, clock, log }, new Map(), signal) };
}

/** null: on a unix socket the modes of the file say who may. */
async function openIdentityFor(
  address: Address,
  { audit, care }: Parts,
  { clock, log, lifecycle }: ControllerDeps,
  { controller }: ClusterConfig,
): Promise<ControllerIdentity | null> {
  if (address.kind === 'unix') return null;
  const observe = async (observation: Observation) =>
    (await care.incidents()).observe(observation, { failures: 1, recoveries: 1, busyRounds: 1 });
  const identity = await openIdentity(
    { clock, log, observe, record: (change) => audit.note(refusedChange(change)) },
    { folder: identityFolder(controller.stateDir), host: address.host },
  );
  lifecycle.onShutdown('identity', async () => identity?.stop());
  return identity;
}

/** The lock of whoever owns the state_dir. */
export const lockOf = (config: ClusterConfig): string => join(config.controller.stateDir, 'controller.lock');

/** Where a controller that is started by hand listens. Errors: `config`. */
export function addressOf(config: ClusterConfig): string {
  if (config.controller.address !== null) return config.controller.address;
  throw new AppError('config', `${config.path} has no [controller] address`, { hint: 'add it, for example: address = 127.0.0.1:7400' });
}
