import type { ClusterConfig } from '../config/cluster.js';
import type { ServiceReport } from '../../shared/model/check-report.js';

/**
 * Services of which nothing is to be made of what is seen: those that an operation works on now, those that cannot be well without them
 * (they name them in `depends`; every client needs a ZEO server), and those that are down because an operation was to stop them.
 */
export function silentServices(
  config: ClusterConfig,
  working: ReadonlySet<string>,
  stopped: ReadonlySet<string>,
  reports: readonly ServiceReport[],
): ReadonlySet<string> {
  const silent = new Set(working);
  // A set can grow while it is read: what depends on one of them is looked at in its turn.
  for (const name of silent) for (const dependent of dependentsOf(config, name)) silent.add(dependent);
  for (const { name, state } of reports) if (state === 'stopped' && stopped.has(name)) silent.add(name);
  return silent;
}

function dependentsOf(config: ClusterConfig, name: string): string[] {
  const ofZeo = config.services.get(name)?.spec.type === 'ZeoServer';
  return [...config.services.values()].flatMap(({ spec, depends }) =>
    depends.includes(name) || (ofZeo && spec.type === 'ZeoClient') ? [spec.name] : [],
  );
}
