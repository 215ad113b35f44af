import { readFile, writeFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import type { ClientPlan, ClusterPlan, poundCommand, ServicePlan, StartCommands } from '../../deploy/demo/cluster-plan.js';
import { createProcesses } from '../../deploy/demo/processes.js';
import { until } from '../../deploy/demo/until.js';
import type { Argv } from '../../shared/ports/exec.js';
import { http } from '../../shared/ports/http.js';

/** A roll as the tools of old did it: a pool's backends disabled in pound.cfg, Pound restarted, the clients restarted, and back again. */
export async function oldRoll(
  plan: ClusterPlan,
  commands: StartCommands,
  poundArgv: typeof poundCommand,
  signal: AbortSignal,
): Promise<void> {
  const processes = createProcesses(plan.folder);
  const original = await readFile(plan.pound.conf, 'utf8');
  const pools = [...new Set(plan.clients.map((c) => c.pool))];
  for (const pool of pools) {
    const members = plan.clients.filter((c) => c.pool === pool);
    await writeFile(plan.pound.conf, disable(original, members));
    await restart(plan.pound, poundArgv(plan.pound, commands));
    await Promise.all(members.map((client) => restart(client, commands.client(client, plan))));
    await Promise.all(members.map((client) => answers(client)));
    await writeFile(plan.pound.conf, original);
    await restart(plan.pound, poundArgv(plan.pound, commands));
  }

  async function restart(service: ServicePlan, argv: Argv): Promise<void> {
    const pid = Number(await readFile(service.pidFile, 'utf8'));
    process.kill(pid, 'SIGTERM');
    await until(`${service.name} to end`, async () => !isRunning(pid), { timeoutMs: 30_000, signal });
    await processes.start(service.serviceName, argv, { cwd: service.folder });
    if (service === plan.pound) await until('Pound to listen', () => accepts(service.port), { timeoutMs: 10_000, signal });
  }

  async function answers(client: ClientPlan): Promise<void> {
    await until(`${client.name} to answer`, () => accepts(client.port), { timeoutMs: 60_000, signal });
  }

  async function accepts(port: number): Promise<boolean> {
    await delay(10);
    return http({ url: `http://127.0.0.1:${port}/`, timeoutMs: 5_000, signal }).then(
      () => true,
      () => false,
    );
  }
}

function disable(conf: string, members: readonly ClientPlan[]): string {
  return members.reduce((text, { port }) => text.replace(`\t\t\tPort ${port}\n`, `\t\t\tPort ${port}\n\t\t\tDisabled 1\n`), conf);
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
