import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Cluster } from '../../../deploy/demo/cluster.js';
import type { Settings } from '../../../deploy/demo/cluster-files.js';
import { findPound } from '../../../deploy/demo/pound.js';
import { realPart, setUpLimit } from '../../support/real.js';
import { testClusters } from '../../support/real-cluster.js';
import { endOfOperation, expectAllIn, expectAllNew, rollInTheMiddle, visit } from '../roll/observe.js';

const pound = await realPart('Pound', findPound({ signal: setUpLimit() }));

describe.skipIf(pound === null)('faults of a cluster with a real Pound', () => {
  const start = testClusters();
  const poundExe = pound?.exe ?? '';
  const startServices = (settings: Settings = {}) =>
    start({ clients: 4, pools: 2, zope: null, pound: poundExe, settings, signal: AbortSignal.timeout(120_000) });
  const startAll = async (settings: Settings = {}) => {
    const cluster = await startServices(settings);
    await cluster.startControl();
    return cluster;
  };
  const poundPid = async (cluster: Cluster) => Number(await readFile(cluster.plan.pound.pidFile, 'utf8'));

  it('leaves a client out that does not come back, halts, and shows its last log entry; visitors notice nothing', async () => {
    const cluster = await startServices({ DEFAULT: { start_deadline: 4 } });
    await slowDown(cluster, 'Zope_1.2', 60_000);
    await cluster.startControl();
    const before = await cluster.clientPids();
    const visitors = await visit(cluster);
    const roll = await cluster.ctl(['-a', 'start']);
    await visitors.stop();
    expect(roll.code).toBe(1);
    expect(roll.stdout).toMatch(/zeoclient1\.2[^]*Connected to storage/);
    const after = await cluster.clientPids();
    const untouched = ['zeoclient2.1', 'zeoclient2.2'];
    expect(untouched.map((name) => after.get(name))).toEqual(untouched.map((name) => before.get(name)));
    const { stdout } = await cluster.ctl(['check', '--json']);
    const { services } = JSON.parse(stdout) as { services: { name: string; balancer: string }[] };
    expect(services.filter((service) => service.balancer !== 'none').map(({ name, balancer }) => [name, balancer])).toEqual([
      ['zeoclient1.1', 'in'],
      ['zeoclient1.2', 'out'],
      ['zeoclient2.1', 'in'],
      ['zeoclient2.2', 'in'],
    ]);
  });

  it('touches no client when the control socket of Pound hangs', async () => {
    const cluster = await startAll();
    const before = await cluster.clientPids();
    const pid = await poundPid(cluster);
    process.kill(pid, 'SIGSTOP');
    const roll = await cluster.ctl(['-a', 'start']);
    process.kill(pid, 'SIGCONT');
    expect([1, 5]).toContain(roll.code);
    expect(await cluster.clientPids()).toEqual(before);
    await expectAllIn(cluster, poundExe);
  });

  it('halts when Pound dies in the middle, with every client running', async () => {
    const cluster = await startAll();
    const ctl = await rollInTheMiddle(cluster);
    process.kill(await poundPid(cluster), 'SIGKILL');
    expect(await ctl.exited, await ctl.output()).toEqual({ code: 1, signal: null });
    expect(await endOfOperation(cluster)).toBe('halted');
    for (const [name, pid] of await cluster.clientPids()) expect(() => process.kill(pid, 0), name).not.toThrow();
  });

  it('says which agent is away, with exit 5, and touches nothing', async () => {
    const cluster = await startAll();
    const before = await cluster.clientPids();
    await cluster.kill9('web');
    const roll = await cluster.ctl(['-a', 'start']);
    expect(roll).toMatchObject({ code: 5, stderr: expect.stringContaining('web') as string });
    expect(await cluster.clientPids()).toEqual(before);
  });

  it('says with exit 5 that the controller is away', async () => {
    const cluster = await startServices();
    expect(await cluster.ctl(['check'])).toMatchObject({
      code: 5,
      stderr: expect.stringContaining(`127.0.0.1:${cluster.plan.controller.port}`) as string,
    });
  });

  it('does nothing for an unknown name, and offers the nearest', async () => {
    const cluster = await startAll();
    const roll = await cluster.ctl(['-a', 'start', '-s', 'zeoclient1.3']);
    expect(roll).toMatchObject({ code: 2, stderr: expect.stringMatching(/zeoclient1\.3[^]*zeoclient1\.\d/) as string });
  });

  it('refuses with exit 2 what would leave fewer than `min_active` clients', async () => {
    const cluster = await startAll({ cluster: { min_active: 4 } });
    const before = await cluster.clientPids();
    expect(await cluster.ctl(['-a', 'start'])).toMatchObject({ code: 2 });
    expect(await cluster.clientPids()).toEqual(before);
    await expectAllIn(cluster, poundExe);
  });

  it('leaves no client out after Ctrl-C, and does the rest when it is resumed', async () => {
    const cluster = await startAll();
    const before = await cluster.clientPids();
    const visitors = await visit(cluster);
    const ctl = await rollInTheMiddle(cluster);
    ctl.signal('SIGINT');
    expect(await ctl.exited, await ctl.output()).toEqual({ code: 130, signal: null });
    expect(await endOfOperation(cluster)).toBe('interrupted');
    await expectAllIn(cluster, poundExe);
    const { stdout } = await cluster.ctl(['operations', 'list', '--json']);
    const id = (JSON.parse(stdout) as { operations: { id: string }[] }).operations.at(-1)?.id ?? '';
    expect(await cluster.ctl(['operations', 'resume', id])).toMatchObject({ code: 0 });
    await visitors.stop();
    await expectAllNew(cluster, before);
    await expectAllIn(cluster, poundExe);
  });
});

/** From its next start on, a client takes this long to be ready. */
async function slowDown(cluster: Cluster, serviceName: string, startMs: number): Promise<void> {
  const ini = join(cluster.plan.folder, 'app', 'agent.ini');
  const text = await readFile(ini, 'utf8');
  const slow = text.replace(new RegExp(`(\\[command ${serviceName.replace('.', '\\.')}\\]\\nstart = .*--start-ms) \\d+`), `$1 ${startMs}`);
  expect(slow).not.toBe(text);
  await writeFile(ini, slow);
}
