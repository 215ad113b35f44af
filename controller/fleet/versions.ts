import type { Fleet } from './fleet.js';
import type { Lease } from '../rolling/lock.js';
import type { ServiceSpec } from '../../shared/model/service.js';
import type { ClusterConfig } from '../config/cluster.js';
import type { ConfigSource } from '../config/source.js';

/** Which version of cluster.ini holds for whom: the newest for whoever looks, the one that an operation began with for as long as it runs. */
export interface Versions {
  /** By which an operation that runs goes, or else one that began now. */
  operating(): ClusterConfig;
  /** An operation begins with this lease, and runs until it is released. */
  heldBy(lease: Lease): Lease;
}

/**
 * Keeps every agent told of its services, and only of what changed for it. While an operation runs, its services stay as they were when it
 * began; only new ones are added.
 */
export function createVersions(source: ConfigSource, fleet: Pick<Fleet, 'assign'>): Versions {
  const told = new Map<string, string>();
  let held: ClusterConfig | null = null;
  assign();
  source.subscribe(assign);
  return {
    operating: () => held ?? source.current(),
    heldBy(lease) {
      held = source.current();
      return {
        ...lease,
        release() {
          held = null;
          assign();
          return lease.release();
        },
      };
    },
  };

  function assign(): void {
    const wanted = servicesByHost(held, source.current());
    for (const host of new Set([...wanted.keys(), ...told.keys()])) {
      const services = wanted.get(host) ?? [];
      const text = JSON.stringify(services);
      if (told.get(host) === text) continue;
      fleet.assign(host, services);
      told.set(host, text);
    }
  }
}

function servicesByHost(held: ClusterConfig | null, newest: ClusterConfig): ReadonlyMap<string, readonly ServiceSpec[]> {
  const all = new Map([...newest.services, ...(held?.services ?? [])]);
  const hosts = new Map<string, ServiceSpec[]>();
  for (const { host, spec } of all.values()) hosts.set(host, [...(hosts.get(host) ?? []), spec]);
  return hosts;
}
