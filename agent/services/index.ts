import { AppError } from '../../shared/errors.js';
import type { ServiceManagerKind, ServiceSpec } from '../../shared/model/service.js';
import { createCommandManager, type CommandManagerDeps } from './command.js';
import type { ServiceManager } from './manager.js';

export type { ServiceManager } from './manager.js';
export { createProcesses, type Processes } from './processes.js';

/**
 * The service managers of a host: each service goes to the driver that it names. `auto` is `command` for a service with a
 * `[command …]` section in agent.ini.
 */
export function createServiceManager(deps: CommandManagerDeps): ServiceManager {
  const drivers: Partial<Record<ServiceManagerKind, ServiceManager>> = { command: createCommandManager(deps) };
  return {
    state: async (spec, signal) => driverOf(spec).state(spec, signal),
    start: async (spec, signal) => driverOf(spec).start(spec, signal),
    stop: async (spec, order, signal) => driverOf(spec).stop(spec, order, signal),
  };

  function driverOf(spec: ServiceSpec): ServiceManager {
    const kind = spec.manager === 'auto' && deps.commands.has(spec.serviceName) ? 'command' : spec.manager;
    const driver = kind === 'auto' ? undefined : drivers[kind];
    if (driver !== undefined) return driver;
    const what = kind === 'auto' ? 'no service manager' : `the service manager ${kind}, which this agent does not drive`;
    throw new AppError('unsupported', `${spec.name} has ${what}`, { hint: `add [command ${spec.serviceName}] to agent.ini on its host` });
  }
}
