import { expect } from 'vitest';
import { createBalancerDriver } from '../../../agent/balancers/index.js';
import type { Cluster } from '../../../deploy/demo/cluster.js';
import { siteUrl } from '../../../deploy/demo/cluster-plan.js';
import { startLoad, type Load } from '../../../deploy/demo/load.js';
import { until } from '../../../deploy/demo/until.js';
import { addressOf } from '../../../shared/model/service.js';
import { noRestarts } from '../../support/balancer-deps.js';

/** Visitors of all kinds: busy ones, ones that are silent for the whole roll, ones that wait long for each answer, ones without keep-alive. */
export async function visit(cluster: Cluster): Promise<{ stop(): Promise<void> }> {
  const loads: Load[] = [
    startLoad({ url: cluster.url, busy: 12, idle: 8, single: 2, thinkMs: 40 }),
    startLoad({ url: siteUrl(cluster.plan, 'slow?ms=700'), busy: 3, thinkMs: 100 }),
  ];
  await Promise.all(loads.map((load) => load.established));
  return {
    /** Ends them; none of them may have lost a request. */
    async stop() {
      for (const stats of await Promise.all(loads.map((load) => load.stop()))) {
        expect(stats.failures).toEqual([]);
        expect(stats).toMatchObject({ failed: 0, retried: 0 });
        expect(stats.requests).toBeGreaterThan(10);
      }
    },
  };
}

/** Every client is in, by the file and by the running Pound, and Pound found it alive. */
export async function expectAllIn(cluster: Cluster, poundExe: string): Promise<void> {
  const { clients, pound } = cluster.plan;
  const balancer = { kind: 'pound', conf: pound.conf, control: pound.control, exe: poundExe, apply: 'auto', sessions: 'delete' } as const;
  const driver = createBalancerDriver(
    { name: 'pound', type: 'Pound', serviceName: 'Pound', manager: 'command', ip: '127.0.0.1', port: pound.port, balancer },
    noRestarts,
  );
  const { backends } = await driver.state({ timeoutMs: 5000, signal: cluster.signal });
  expect(new Map(backends.map(({ address, inFile, inRuntime, alive }) => [address, { inFile, inRuntime, alive }]))).toEqual(
    new Map(clients.map(({ port }) => [addressOf({ ip: '127.0.0.1', port }), { inFile: 'in', inRuntime: 'in', alive: true }])),
  );
}

/** Each client runs, as another process than before. */
export async function expectAllNew(cluster: Cluster, before: ReadonlyMap<string, number>): Promise<void> {
  const after = await cluster.clientPids();
  expect(after.size).toBe(cluster.plan.clients.length);
  for (const [name, pid] of after) {
    expect(pid, name).not.toBe(before.get(name));
    expect(() => process.kill(pid, 0), name).not.toThrow();
  }
}

/** A roll that has just begun to start its second client again. */
export async function rollInTheMiddle(cluster: Cluster): Promise<Awaited<ReturnType<Cluster['startCtl']>>> {
  const ctl = await cluster.startCtl(['-a', 'start', '--json']);
  const second = cluster.plan.clients[1]?.name ?? '';
  const begun = new RegExp(`"service":"${second.replace('.', '\\.')}","step":"start","state":"begin"`);
  await until('the second client to be started', async () => begun.test(await ctl.output()), {
    timeoutMs: 120_000,
    signal: cluster.signal,
  });
  return ctl;
}

/** State of the newest operation, once it runs no more. */
export async function endOfOperation(cluster: Cluster): Promise<string> {
  return until(
    'the operation to end',
    async () => {
      const { stdout } = await cluster.ctl(['operations', 'list', '--json']);
      const { operations } = JSON.parse(stdout) as { operations: { state: string }[] };
      const state = operations.at(-1)?.state;
      return state === undefined || state === 'running' ? null : state;
    },
    { timeoutMs: 180_000, signal: cluster.signal },
  );
}
