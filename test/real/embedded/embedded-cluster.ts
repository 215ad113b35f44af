import { readFile, writeFile } from 'node:fs/promises';
import type { Cluster } from '../../../deploy/demo/cluster.js';

/** Rewrites the files of a cluster for embedded mode: no `[controller] address`, and the commands of the agents in cluster.ini itself. */
export async function embed({ plan }: Cluster, change: (ini: string) => string = (ini) => ini): Promise<void> {
  const ini = await readFile(plan.controller.ini, 'utf8');
  const agents = await Promise.all(plan.agents.map((agent) => readFile(agent.ini, 'utf8')));
  const commands = agents.map((text) => text.slice(text.indexOf('[command ')));
  const withoutAddress = ini.replace(/^address = .*\n/m, '');
  await writeFile(plan.controller.ini, change([withoutAddress, ...commands].join('\n')));
}
