import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach } from 'vitest';
import { createCluster, type Cluster } from '../../deploy/demo/cluster.js';
import { writeClusterFiles, type Settings } from '../../deploy/demo/cluster-files.js';
import { type ClusterPlan, type OtherBalancer, planCluster, portsNeeded, type StartCommands } from '../../deploy/demo/cluster-plan.js';
import { findFreePorts } from '../../deploy/demo/free-ports.js';
import { standInForPound } from '../../deploy/demo/pound.js';
import { bundleStandIns } from '../../deploy/demo/stand-ins.js';
import { temporaryFolder } from './processes.js';
import type { ZopeEnvironment } from './zope-env.js';
import { makeZopeInstances, zopeCommands } from './zope-services.js';

export interface RealClusterOptions {
  readonly clients: number;
  readonly pools: number;
  /** Real Zope clients and a real ZEO server from this environment; null: stand-ins. */
  readonly zope: ZopeEnvironment | null;
  /** Path or name of a Pound; null: the stand-in. */
  readonly pound: string | null;
  /** Another balancer in the place of Pound, and how the plan differs for it. */
  readonly balancer?: OtherBalancer & { plan(plan: ClusterPlan): ClusterPlan };
  /** Keys of cluster.ini that differ from the plain file, by section. */
  readonly settings?: Settings;
  /** Of a real Zope: sections of 200 documents beside its few pages. */
  readonly sections?: number;
  /** How long a stand-in of a client takes to start. */
  readonly startMs?: number;
  readonly signal: AbortSignal;
}

/** The repository: its `dist` holds the built programs. */
const repository = join(import.meta.dirname, '../..');

/** A cluster with its files written and its services running; not yet its controller and agents. `end` it, then remove its folder. */
export async function startRealCluster(options: RealClusterOptions): Promise<Cluster> {
  const { clients, pools, zope, signal, startMs = 500, sections = 0 } = options;
  const folder = await temporaryFolder('real');
  const poundPlan = planCluster({ clients, pools }, folder, await findFreePorts(portsNeeded(clients)));
  const plan = options.balancer?.plan(poundPlan) ?? poundPlan;
  const services = zope === null ? await bundleStandIns(join(repository, 'deploy/demo'), folder, { startMs }) : zopeCommands(zope);
  const { balancer } = options;
  const poundExe = balancer === undefined ? (options.pound ?? (await standInForPound(folder)).exe) : '';
  const commands: StartCommands = { ...services, poundExe, ...(balancer === undefined ? {} : { balancer }) };
  await writeClusterFiles(plan, commands, options.settings);
  if (zope !== null) await makeZopeInstances(plan, zope, signal, { sections });
  const cluster = createCluster({ plan, commands, dist: join(repository, 'dist'), signal });
  try {
    await cluster.startServices();
    return cluster;
  } catch (error) {
    await discardCluster(cluster);
    throw error;
  }
}

export async function discardCluster(cluster: Cluster): Promise<void> {
  await cluster.end();
  await rm(cluster.plan.folder, { recursive: true, force: true });
}

/** The same for tests: each cluster is discarded when the test that started it is over, failed or not. To be called at the top of a `describe`. */
export function testClusters(): (options: RealClusterOptions) => Promise<Cluster> {
  const clusters: Cluster[] = [];
  afterEach(async () => {
    for (const cluster of clusters.splice(0)) await discardCluster(cluster);
  });
  return async (options) => {
    const cluster = await startRealCluster(options);
    clusters.push(cluster);
    return cluster;
  };
}
