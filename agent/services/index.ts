import { join } from 'node:path';
import { AppError } from '../../shared/errors.js';
import type { ServiceManagerKind, ServiceSpec } from '../../shared/model/service.js';
import { makeFolder } from '../../shared/ports/files.js';
import type { SupervisorSection } from '../config/config.js';
import { SUPERVISOR_SOCKET } from '../config/schema.js';
import { createCommandManager, type CommandManagerDeps } from './command.js';
import { createServiceLock } from './lock.js';
import type { ServiceManager } from './manager.js';
import { createSupervisorManager } from './supervisor.js';
import { createSupervisorRpc } from './supervisor-rpc.js';
import { createSystemctl } from './systemctl.js';
import { createSystemdManager } from './systemd.js';
import { createWindowsManager } from './windows.js';

export type { ServiceManager } from './manager.js';
export { createProcesses, type ProcessFacts, type Processes } from './processes.js';
export { isBootedBySystemd } from './systemd.js';

export interface ServiceManagerDeps extends CommandManagerDeps {
  /** `[supervisor]` of agent.ini. */
  readonly supervisor?: SupervisorSection | undefined;
  readonly platform: NodeJS.Platform;
}

/**
 * The service managers of a host: each service goes to the driver that it names. `auto` is `command` for a service with a `[command …]`
 * section in agent.ini; else what the host has: the services of Windows, systemd if that has booted it, supervisor if agent.ini has a
 * section `[supervisor]`.
 */
export function createServiceManager(deps: ServiceManagerDeps): ServiceManager {
  const { processes, clock, exec, env, stateDir } = deps;
  const folder = join(stateDir, 'services');
  const lock = createServiceLock(folder, processes, clock);
  const drivers: Readonly<Record<ServiceManagerKind, ServiceManager>> = {
    command: createCommandManager(deps),
    systemd: createSystemdManager({ systemctl: createSystemctl(exec, env), processes, clock }),
    supervisor: createSupervisorManager({ rpc: createSupervisorRpc(deps.supervisor?.socket ?? SUPERVISOR_SOCKET), processes, clock }),
    windows: createWindowsManager({ exec, clock, env }),
  };
  return {
    state: async (spec, signal) => driverOf(spec).state(spec, signal),
    start: (spec, signal) => alone(spec, signal, (driver) => driver.start(spec, signal)),
    stop: (spec, order, signal) => alone(spec, signal, (driver) => driver.stop(spec, order, signal)),
  };

  async function alone<T>(spec: ServiceSpec, signal: AbortSignal, work: (driver: ServiceManager) => Promise<T>): Promise<T> {
    const driver = driverOf(spec);
    // Windows itself takes one order for a service at a time.
    if (deps.platform === 'win32') return work(driver);
    await makeFolder(folder);
    return lock.hold(spec.serviceName, signal, () => work(driver));
  }

  function driverOf(spec: ServiceSpec): ServiceManager {
    const kind = spec.manager === 'auto' ? kindHere(spec) : spec.manager;
    const absent = (kind === 'systemd' && !deps.booted) || (kind === 'windows' && deps.platform !== 'win32');
    if (kind !== null && !absent) return drivers[kind];
    const what = kind === null ? 'no service manager' : `the service manager ${kind}, which does not run this host`;
    throw new AppError('unsupported', `${spec.name} has ${what}`, {
      hint: `add [command ${spec.serviceName}] or [supervisor] to agent.ini on its host, or set service_manager in cluster.ini`,
    });
  }

  function kindHere(spec: ServiceSpec): ServiceManagerKind | null {
    if (deps.commands.has(spec.serviceName)) return 'command';
    if (deps.platform === 'win32') return 'windows';
    if (deps.booted) return 'systemd';
    return deps.supervisor === undefined ? null : 'supervisor';
  }
}
