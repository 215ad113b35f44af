import { describe, expect, it } from 'vitest';
import { createBalancerDriver } from '../../../agent/balancers/index.js';
import type { Cluster } from '../../../deploy/demo/cluster.js';
import { noRestarts } from '../../support/balancer-deps.js';
import { findHaproxy } from '../../support/haproxy.js';
import { haproxyInFront } from '../../support/haproxy-cluster.js';
import { realPart, setUpLimit } from '../../support/real.js';
import { testClusters } from '../../support/real-cluster.js';
import { expectAllNew, visit } from '../roll/observe.js';

const haproxy = await realPart('HAProxy', findHaproxy({ signal: setUpLimit() }));

describe.skipIf(haproxy === null)('a roll behind a real HAProxy, under load', () => {
  const start = testClusters();
  const exe = haproxy?.exe ?? '';

  it('leaves every client a new process in the balancer, and no visitor lost a request', async () => {
    const signal = AbortSignal.timeout(120_000);
    const cluster = await start({ clients: 4, pools: 2, zope: null, pound: null, balancer: haproxyInFront({ exe }), startMs: 300, signal });
    await cluster.startControl();
    const before = await cluster.clientPids();
    const visitors = await visit(cluster);
    const roll = await cluster.ctl(['-a', 'start', '--json']);
    await visitors.stop();
    expect(roll).toMatchObject({ code: 0, stderr: '' });
    // The count of HAProxy ends the drain: nobody waits for silence.
    const { services } = JSON.parse(roll.stdout.trim().split('\n').at(-1) ?? '') as { services: { steps: { drain_ms: number } }[] };
    expect(services).toHaveLength(4);
    await expectAllNew(cluster, before);
    expect(await statesOf(cluster, exe)).toEqual(['in/in', 'in/in', 'in/in', 'in/in']);
  });
});

async function statesOf({ plan, signal }: Cluster, exe: string): Promise<string[]> {
  const { conf, control, port } = plan.pound;
  const balancer = { kind: 'haproxy', conf, control, exe, apply: 'control', sessions: 'wait', backends: ['zope'] } as const;
  const spec = { name: 'haproxy', type: 'HAProxy', serviceName: 'HAProxy', manager: 'command', ip: '127.0.0.1', port, balancer } as const;
  const { backends } = await createBalancerDriver(spec, noRestarts).state({ timeoutMs: 5000, signal });
  return backends.map((b) => `${b.inFile}/${b.inRuntime}`);
}
