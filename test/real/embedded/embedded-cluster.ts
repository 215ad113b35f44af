import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'vitest';
import type { Cluster } from '../../../deploy/demo/cluster.js';
import { createProcesses, type Finished } from '../../../deploy/demo/processes.js';

/** Rewrites the files of a cluster for embedded mode: no `[controller] address`, and the commands of its agents in cluster.ini itself. */
export async function embed({ plan }: Cluster): Promise<void> {
  const ini = await readFile(plan.controller.ini, 'utf8');
  const agents = await Promise.all(plan.agents.map((agent) => readFile(agent.ini, 'utf8')));
  const commands = agents.map((text) => text.slice(text.indexOf('[command ')));
  await writeFile(plan.controller.ini, [ini.replace(/^address = .*\n/m, ''), ...commands].join('\n'));
}

const CTL = join(import.meta.dirname, '../../../dist/ctl.js');

/** As cron runs it: no terminal, next to no environment, another folder. */
export async function fromCron({ plan }: Cluster, args: readonly string[]): Promise<Finished> {
  const processes = createProcesses(join(plan.folder, 'output'));
  const ctl = [process.execPath, CTL, ...args, '-c', plan.controller.ini] as const;
  try {
    return await processes.run(['/usr/bin/env', '-i', 'PATH=/usr/bin:/bin', 'SHELL=/bin/sh', ...ctl], { timeoutMs: 120_000, cwd: '/' });
  } finally {
    await processes.endAll();
  }
}

export interface Listed {
  readonly id: string;
  readonly state: string;
}

/** The newest operation, by `ctl operations list`. */
export async function newestOperation(cluster: Cluster): Promise<Listed> {
  const { stdout, stderr, code } = await cluster.ctl(['operations', 'list', '--json']);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  const newest = (JSON.parse(stdout) as { operations: Listed[] }).operations.at(-1);
  if (newest === undefined) throw new Error('there is no operation');
  return newest;
}
