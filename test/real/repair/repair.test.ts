import { appendFile, readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import type { Cluster } from '../../../deploy/demo/cluster.js';
import type { Settings } from '../../../deploy/demo/cluster-files.js';
import { findPound } from '../../../deploy/demo/pound.js';
import { until } from '../../../deploy/demo/until.js';
import { realPart, setUpLimit } from '../../support/real.js';
import { testClusters } from '../../support/real-cluster.js';
import { zopeEnvironment } from '../../support/zope-env.js';
import { expectAllIn, visit } from '../roll/observe.js';

const zope = await realPart('Zope 5 and ZEO', zopeEnvironment({ signal: setUpLimit() }));
const pound = await realPart('Pound', findPound({ signal: setUpLimit() }));

describe.skipIf(zope === null || pound === null)('repair of real Zope clients behind a real Pound', () => {
  const start = testClusters();
  const poundExe = pound?.exe ?? '';
  const startAll = async (settings: Settings) => {
    const cluster = await start({ clients: 3, pools: 1, zope, pound: poundExe, settings, signal: AbortSignal.timeout(240_000) });
    await cluster.startControl();
    return cluster;
  };

  it('restarts a client that leaks and one with a critical log entry through the balancer, and no visitor lost a request', async () => {
    const cluster = await startAll({ DEFAULT: { max_process_size: 400_000 } });
    const [leaking, logged, well] = cluster.plan.clients;
    if (leaking === undefined || logged === undefined || well === undefined) throw new Error('three clients were planned');
    const before = await cluster.clientPids();
    expect((await fetch(`http://127.0.0.1:${leaking.port}/leak?mb=500`)).status).toBe(200);
    await appendFile(logged.logFile, `${zopeTime()} ERROR [Zope:1][waitress-0] MemoryError\n`);
    const visitors = await visit(cluster);

    const explained = await decisionsOf(cluster);
    expect(explained.code).toBe(1);
    expect(explained.actions).toEqual([`restart ${leaking.name}`, `restart ${logged.name}`]);

    const repair = await cluster.ctl(['repair', '--json']);
    await visitors.stop();
    expect(repair).toMatchObject({ code: 0, stderr: '' });
    const after = await cluster.clientPids();
    const isNew = cluster.plan.clients.map(({ name }) => after.get(name) !== before.get(name));
    expect(isNew).toEqual([true, true, false]);
    expect(stepsIn(repair.stdout)).toEqual([leaking, logged].flatMap(({ name }) => STEPS.map((step) => `${name} ${step}`)));
    await expectAllIn(cluster, poundExe);
    expect(await decisionsOf(cluster)).toEqual({ code: 0, actions: [] });
  });

  it('starts a ZEO server that has ended before anything else, by itself, and the clients find it again without a restart', async () => {
    const monitor = { interval: 2, action: 'repair', failures: 2 };
    const cluster = await startAll({ DEFAULT: { timeout: 3 }, monitor });
    const before = await cluster.clientPids();
    process.kill(Number(await readFile(cluster.plan.zeo.pidFile, 'utf8')), 'SIGTERM');
    const repaired = await until(
      'a repair that ended',
      async () => (await repairsOf(cluster)).find((one) => one.state !== 'running') ?? null,
      {
        timeoutMs: 90_000,
        signal: cluster.signal,
      },
    );
    expect(repaired).toMatchObject({ by: 'ctl-controller', state: 'completed', failed: [] });
    expect(repaired.done[0]).toBe(cluster.plan.zeo.name);
    await until('all to be well', async () => (await cluster.ctl(['check'])).code === 0, { timeoutMs: 60_000, signal: cluster.signal });
    expect(repaired.done).toEqual([cluster.plan.zeo.name]);
    expect(await cluster.clientPids()).toEqual(before);
    await expectAllIn(cluster, poundExe);
  });
});

const STEPS = ['out', 'drain', 'stop', 'start', 'check', 'warm', 'in'];

/** As Zope writes it, after whatever second its start was in. */
const zopeTime = (): string => new Date().toISOString().replace('T', ' ').slice(0, 19);

async function decisionsOf(cluster: Cluster): Promise<{ code: number | null; actions: string[] }> {
  const { code, stdout } = await cluster.ctl(['repair', '--explain', '--json']);
  const { decisions } = JSON.parse(stdout) as { decisions: { service: string; action: string }[] };
  return { code, actions: decisions.flatMap(({ service, action }) => (action === 'none' ? [] : [`${action} ${service}`])) };
}

const stepsIn = (stream: string): string[] =>
  stream
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { type: string; service?: string; step?: string; state?: string })
    .flatMap(({ type, service, step, state }) => (type === 'step' && state === 'begin' ? [`${service ?? ''} ${step ?? ''}`] : []));

interface Told {
  readonly action: string;
  readonly by: string;
  readonly state: string;
  readonly done: readonly string[];
  readonly failed: readonly string[];
}

async function repairsOf(cluster: Cluster): Promise<Told[]> {
  const { stdout } = await cluster.ctl(['operations', 'list', '--json']);
  const { operations } = JSON.parse(stdout) as { operations: Told[] };
  return operations.filter(({ action }) => action === 'repair');
}
