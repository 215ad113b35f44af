import { readFile, writeFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import type { Cluster } from '../../../deploy/demo/cluster.js';
import { findPound } from '../../../deploy/demo/pound.js';
import { until } from '../../../deploy/demo/until.js';
import { realPart, setUpLimit } from '../../support/real.js';
import { testClusters } from '../../support/real-cluster.js';
import { expectAllIn, expectAllNew, rollInTheMiddle, visit } from '../roll/observe.js';

const pound = await realPart('Pound', findPound({ signal: setUpLimit() }));

describe.skipIf(pound === null)('cluster.ini is changed while a roll is on', () => {
  const start = testClusters();
  const poundExe = pound?.exe ?? '';

  it('the roll ends as it was planned, also for a client that the file has no more; what comes next goes by the new file', async () => {
    const cluster = await start({
      clients: 4,
      pools: 2,
      zope: null,
      pound: poundExe,
      startMs: 2_000,
      signal: AbortSignal.timeout(120_000),
    });
    await cluster.startControl();
    const before = await cluster.clientPids();
    const visitors = await visit(cluster);
    const ctl = await rollInTheMiddle(cluster);
    await change(cluster, (ini) => withoutLastClient(ini).replace('timeout = 10', 'timeout = 9'));
    await until('the change to be taken over', async () => (await namesIn(cluster, 'status')).length === 5, {
      timeoutMs: 20_000,
      signal: cluster.signal,
    });
    expect(await ctl.exited, await ctl.output()).toEqual({ code: 0, signal: null });
    await visitors.stop();
    await expectAllNew(cluster, before);
    await expectAllIn(cluster, poundExe);
    expect(await namesIn(cluster, 'check')).toEqual(['zeo', 'pound', 'zeoclient1.1', 'zeoclient1.2', 'zeoclient2.1']);
  });

  it('a bad change is refused with a warning in every check; mended, it is taken over without a restart', async () => {
    const cluster = await start({ clients: 2, pools: 1, zope: null, pound: poundExe, signal: AbortSignal.timeout(120_000) });
    await cluster.startControl();
    const good = await change(cluster, (ini) => ini.replace('timeout = 10', 'timeout = ten'));
    const warnings = () => warningsOf(cluster);
    await until('the change to be refused', async () => (await warnings()).length > 0, { timeoutMs: 20_000, signal: cluster.signal });
    expect(await warnings()).toEqual([expect.stringMatching(/cluster\.ini was changed at \S+ and has 1 error .*: ctl config check$/)]);
    expect(await cluster.ctl(['config', 'diff'])).toMatchObject({
      code: 2,
      stdout: expect.stringContaining('[DEFAULT] timeout: "ten"') as string,
    });
    await writeFile(cluster.plan.controller.ini, good.replace('timeout = 10', 'timeout = 12'));
    await until('the file to be taken over', async () => (await warnings()).length === 0, { timeoutMs: 20_000, signal: cluster.signal });
    expect(await cluster.ctl(['config', 'diff'])).toMatchObject({ code: 0, stdout: expect.stringContaining('no change') as string });
    expect(await cluster.ctl(['check'])).toMatchObject({ code: 0 });
  });
});

/** Answers what the file held. */
async function change({ plan }: Cluster, edit: (ini: string) => string): Promise<string> {
  const ini = await readFile(plan.controller.ini, 'utf8');
  expect(edit(ini)).not.toBe(ini);
  await writeFile(plan.controller.ini, edit(ini));
  return ini;
}

const withoutLastClient = (ini: string): string => ini.replace(', zeoclient2.2', '').replace(/\[zeoclient2\.2\][^[]*/, '');

interface Report {
  readonly services: readonly { readonly name: string }[];
  readonly warnings: readonly string[];
}

const report = async (cluster: Cluster, action: 'check' | 'status') => JSON.parse((await cluster.ctl([action, '--json'])).stdout) as Report;
const namesIn = async (cluster: Cluster, action: 'check' | 'status') => (await report(cluster, action)).services.map(({ name }) => name);
const warningsOf = async (cluster: Cluster) => (await report(cluster, 'status')).warnings;
