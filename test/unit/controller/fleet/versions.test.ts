import { describe, expect, it } from 'vitest';
import type { ClusterConfig } from '../../../../controller/config/cluster.js';
import { fixedConfig, type ConfigSource } from '../../../../controller/config/source.js';
import { createVersions } from '../../../../controller/fleet/versions.js';
import { aCluster, aService } from '../checks/fixtures.js';
import { aLease } from '../rolling/fixtures.js';

/** Services by host: `{ web1: { c1: 8081 } }` is c1 on port 8081. */
const cluster = (hosts: Readonly<Record<string, Readonly<Record<string, number>>>>): ClusterConfig =>
  aCluster(
    Object.entries(hosts).flatMap(([host, services]) => Object.entries(services).map(([name, port]) => aService({ name, port }, { host }))),
  );

function versionsOf(first: ClusterConfig) {
  let current = first;
  const listeners: Parameters<ConfigSource['subscribe']>[0][] = [];
  const told: string[] = [];
  const versions = createVersions(
    { ...fixedConfig(first, []), current: () => current, subscribe: (listener) => void listeners.push(listener) },
    { assign: (host, services) => void told.push(`${host}: ${services.map(({ name, port }) => `${name}@${port}`).join(' ')}`) },
  );
  return {
    versions,
    told: () => told.splice(0),
    change: (config: ClusterConfig) => {
      current = config;
      for (const listener of listeners) listener(config);
    },
  };
}

const lease = () => {
  const seen = { released: false };
  return { seen, lease: aLease({ release: async () => void (seen.released = true) }) };
};

const FIRST = { web1: { c1: 1, c2: 2 }, web2: { c3: 3 } };

describe('the agents', () => {
  it('are told of their services at once', () => {
    expect(versionsOf(cluster(FIRST)).told()).toEqual(['web1: c1@1 c2@2', 'web2: c3@3']);
  });

  it('hear of a change only if it is one for them', () => {
    const { told, change } = versionsOf(cluster(FIRST));
    told();
    const limits = cluster(FIRST);
    change({ ...limits, cluster: { ...limits.cluster, minActive: 2 } });
    expect(told()).toEqual([]);
    change(cluster({ ...FIRST, web2: { c3: 33 } }));
    expect(told()).toEqual(['web2: c3@33']);
  });

  it('learn that they have no service any more', () => {
    const { told, change } = versionsOf(cluster(FIRST));
    told();
    change(cluster({ web1: FIRST.web1, web3: { c3: 3 } }));
    expect(told()).toEqual(['web3: c3@3', 'web2: ']);
  });
});

describe('an operation', () => {
  it('goes by the version that it began with, until its lease is released', async () => {
    const [first, second] = [cluster(FIRST), cluster({ web1: { c1: 1 } })];
    const { versions, change } = versionsOf(first);
    const { lease: own, seen } = lease();
    const held = versions.heldBy(own);
    change(second);
    expect(versions.operating()).toBe(first);
    await held.release();
    expect(versions.operating()).toBe(second);
    expect(seen.released).toBe(true);
  });

  it('finds its services as they were, while new ones are there already', async () => {
    const { versions, told, change } = versionsOf(cluster(FIRST));
    told();
    const held = versions.heldBy(lease().lease);
    // c2 is gone, c3 has moved, c4 is new.
    change(cluster({ web1: { c1: 11, c3: 3 }, web2: { c4: 4 } }));
    expect(told()).toEqual(['web2: c3@3 c4@4']);
    await held.release();
    expect(told()).toEqual(['web1: c1@11 c3@3', 'web2: c4@4']);
  });
});
