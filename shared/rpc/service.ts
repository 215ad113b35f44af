import type { CompatServiceDefinition, Server, ServiceImplementation } from 'nice-grpc';

/** A definition with its implementation, ready for a server. */
export interface RpcService {
  addTo(server: Server): void;
}

export function rpcService<D extends CompatServiceDefinition>(definition: D, implementation: ServiceImplementation<D>): RpcService {
  return { addTo: (server) => server.add(definition, implementation) };
}
