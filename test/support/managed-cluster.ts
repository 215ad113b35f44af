import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'vitest';
import { createCluster, type Cluster } from '../../deploy/demo/cluster.js';
import { writeClusterFiles } from '../../deploy/demo/cluster-files.js';
import { planCluster, portsNeeded, type StartCommands } from '../../deploy/demo/cluster-plan.js';
import { findFreePorts } from '../../deploy/demo/free-ports.js';
import { startLoad } from '../../deploy/demo/load.js';
import { standInForPound } from '../../deploy/demo/pound.js';
import { bundleStandIns } from '../../deploy/demo/stand-ins.js';
import { until } from '../../deploy/demo/until.js';

/** The repository: its `dist` holds the built programs. */
export const repository = join(import.meta.dirname, '../..');

export interface ManagedCluster {
  readonly cluster: Cluster;
  readonly commands: StartCommands;
}

/** A cluster of stand-ins of which nothing runs yet, whose clients belong to a service manager and have no start command in agent.ini. */
export async function layOutCluster(manager: 'systemd' | 'supervisor', folder: string, signal: AbortSignal): Promise<ManagedCluster> {
  const clients = 3;
  const plan = planCluster({ clients, pools: 2 }, folder, await findFreePorts(portsNeeded(clients)));
  const services = await bundleStandIns(join(repository, 'deploy/demo'), folder, { startMs: 300 });
  const commands: StartCommands = { ...services, poundExe: (await standInForPound(folder)).exe };
  await writeClusterFiles(plan, commands, Object.fromEntries(plan.clients.map(({ name }) => [name, { service_manager: manager }])));
  await editAgentIni(plan.agents[1]?.ini ?? '', (text) => text.replace(/\[command Zope_[^[]*/g, ''));
  return { cluster: createCluster({ plan, commands, dist: join(repository, 'dist'), signal }), commands };
}

export async function editAgentIni(path: string, edit: (text: string) => string): Promise<void> {
  await writeFile(path, edit(await readFile(path, 'utf8')));
}

/** Brings the cluster up from nothing, by `ctl start` alone; its controller and agents run. */
export async function startCold({ cluster }: ManagedCluster): Promise<void> {
  const { signal } = cluster;
  await until('the agents to be there', async () => (await cluster.ctl(['start', '--dry-run'])).code === 0, { timeoutMs: 60_000, signal });
  const start = await cluster.ctl(['-a', 'start']);
  expect(start, start.stdout + start.stderr).toMatchObject({ code: 0 });
  expect(await cluster.ctl(['check'])).toMatchObject({ code: 0 });
}

/** Starts every client again with visitors on the site: each is another process then, and no visitor lost a request. */
export async function rollUnderLoad({ cluster }: ManagedCluster): Promise<ReadonlyMap<string, number>> {
  const before = await cluster.clientPids();
  const visitors = startLoad({ url: cluster.url, busy: 8, idle: 4, single: 2, thinkMs: 40 });
  await visitors.established;
  const roll = await cluster.ctl(['-a', 'start']);
  const stats = await visitors.stop();
  expect(roll, roll.stdout + roll.stderr).toMatchObject({ code: 0 });
  expect(stats.failures).toEqual([]);
  expect(stats).toMatchObject({ failed: 0, retried: 0 });
  expect(stats.requests).toBeGreaterThan(20);
  const after = await cluster.clientPids();
  expect([...after.keys()]).toEqual([...before.keys()]);
  for (const [name, pid] of after) expect(pid, name).not.toBe(before.get(name));
  return after;
}
