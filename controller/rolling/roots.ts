import type { ClusterConfig, Service } from '../config/cluster.js';

/** What has to be well before a service is touched: what it `depends` on; without that, for a Zope client, every ZEO server. */
export function standsOn({ services }: ClusterConfig, service: Service): Service[] {
  const named = service.depends.flatMap((name) => services.get(name) ?? []);
  if (named.length > 0 || service.spec.type !== 'ZeoClient') return named;
  return [...services.values()].filter((one) => one.spec.type === 'ZeoServer');
}
