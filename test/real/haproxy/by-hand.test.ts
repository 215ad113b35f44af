import { describe, expect, it } from 'vitest';
import type { Cluster } from '../../../deploy/demo/cluster.js';
import { until } from '../../../deploy/demo/until.js';
import { findHaproxy } from '../../support/haproxy.js';
import { haproxyInFront } from '../../support/haproxy-cluster.js';
import { realPart, setUpLimit } from '../../support/real.js';
import { testClusters } from '../../support/real-cluster.js';
import { expectAllNew, visit } from '../roll/observe.js';

const haproxy = await realPart('HAProxy', findHaproxy({ signal: setUpLimit() }));

describe.skipIf(haproxy === null)('a client that was taken out by hand, behind a real HAProxy', () => {
  const start = testClusters();

  it('is restarted by a roll and left out, also by the next controller, until its time is over', async () => {
    const balancer = haproxyInFront({ exe: haproxy?.exe ?? '' });
    const signal = AbortSignal.timeout(120_000);
    const cluster = await start({ clients: 3, pools: 1, zope: null, pound: null, balancer, startMs: 200, signal });
    await cluster.startControl();
    const before = await cluster.clientPids();
    const visitors = await visit(cluster);

    const out = await cluster.ctl(['balancer', 'out', 'zeoclient1.2', '--reason', 'memory', '--json']);
    expect(out.code, out.stderr).toBe(0);
    const held = stateOf(out.stdout, 'zeoclient1.2');
    expect(held).toMatchObject({ in_file: 'out', in_runtime: 'out', reason: 'memory', until: null });
    expect(held?.by).toMatch(/.+@.+/);

    // One of three is out: the next one would leave one, which is min_active.
    const second = await cluster.ctl(['balancer', 'out', 'zeoclient1.1', 'zeoclient1.3']);
    expect(second.code).toBe(2);
    expect(second.stderr).toContain('--force');

    const roll = await cluster.ctl(['-a', 'start', '--json']);
    expect(roll.code, roll.stderr).toBe(0);
    expect(roll.stderr).toMatch(/zeoclient1\.2 was taken out by .*\(memory\): it stays out of the balancer/);
    await expectAllNew(cluster, before);
    expect(await backendOf(cluster, 'zeoclient1.2')).toMatchObject({ in_file: 'out', in_runtime: 'out', reason: 'memory' });

    const shortly = await cluster.ctl(['balancer', 'out', 'zeoclient1.2', '--for', '2s', '--json']);
    const end = Date.parse(stateOf(shortly.stdout, 'zeoclient1.2')?.until ?? '');
    await cluster.kill9('controller');
    await cluster.start('controller');
    const isIn = async () => (await backendOf(cluster, 'zeoclient1.2'))?.in_runtime === 'in';
    await until('it to be in again', isIn, { timeoutMs: 60_000, signal });
    expect(await backendOf(cluster, 'zeoclient1.2')).toMatchObject({ in_file: 'in', reason: null, until: null, by: null });
    expect(Date.now()).toBeGreaterThanOrEqual(end);
    await visitors.stop();
  });
});

interface BackendLine {
  readonly service: string;
  readonly in_file: string;
  readonly in_runtime: string;
  readonly reason: string | null;
  readonly until: string | null;
  readonly by: string | null;
}

function stateOf(stdout: string, name: string): BackendLine | undefined {
  const { balancers } = JSON.parse(stdout) as { balancers: { backends: BackendLine[] }[] };
  return balancers[0]?.backends.find((backend) => backend.service === name);
}

/** undefined: the controller or its agents are not there yet. */
async function backendOf(cluster: Cluster, name: string): Promise<BackendLine | undefined> {
  const { code, stdout } = await cluster.ctl(['balancer', 'status', '--json']);
  return code === 0 ? stateOf(stdout, name) : undefined;
}
