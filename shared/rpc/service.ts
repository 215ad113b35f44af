import type { CompatServiceDefinition, Server, ServiceImplementation } from 'nice-grpc';
import type { CallerContext } from './caller.js';

/** A definition with its implementation, ready for a server. Each method learns who calls. */
export interface RpcService {
  addTo(server: Server<CallerContext>): void;
}

export function rpcService<D extends CompatServiceDefinition>(
  definition: D,
  implementation: ServiceImplementation<D, CallerContext>,
): RpcService {
  return { addTo: (server) => server.add(definition, implementation) };
}
