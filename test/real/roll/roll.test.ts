import { describe, expect, it } from 'vitest';
import { findPound } from '../../../deploy/demo/pound.js';
import { realPart, setUpLimit } from '../../support/real.js';
import { testClusters } from '../../support/real-cluster.js';
import { zopeEnvironment } from '../../support/zope-env.js';
import { endOfOperation, expectAllIn, expectAllNew, rollInTheMiddle, visit } from './observe.js';

const zope = await realPart('Zope 5 and ZEO', zopeEnvironment({ signal: setUpLimit() }));
const pound = await realPart('Pound', findPound({ signal: setUpLimit() }));

describe.skipIf(zope === null || pound === null)('a roll of real Zope clients behind a real Pound, under load', () => {
  const start = testClusters();
  const poundExe = pound?.exe ?? '';
  const startAll = async () => {
    const cluster = await start({ clients: 4, pools: 2, zope, pound: poundExe, signal: AbortSignal.timeout(280_000) });
    await cluster.startControl();
    return { cluster, before: await cluster.clientPids(), visitors: await visit(cluster) };
  };

  it('leaves every client a new process in the balancer, and no visitor lost a request', async () => {
    const { cluster, before, visitors } = await startAll();
    const roll = await cluster.ctl(['-a', 'start']);
    await visitors.stop();
    expect(roll).toMatchObject({ code: 0, stderr: '' });
    await expectAllNew(cluster, before);
    await expectAllIn(cluster, poundExe);
  });

  it('is taken up again and ends well when the controller is killed in the middle', async () => {
    const { cluster, before, visitors } = await startAll();
    await rollInTheMiddle(cluster);
    await cluster.kill9('controller');
    await cluster.start('controller');
    expect(await endOfOperation(cluster)).toBe('completed');
    await visitors.stop();
    await expectAllNew(cluster, before);
    await expectAllIn(cluster, poundExe);
  });

  it.each(['app', 'web'] as const)('goes on and ends well when the agent of host "%s" is killed in the middle', async (agent) => {
    const { cluster, before, visitors } = await startAll();
    const ctl = await rollInTheMiddle(cluster);
    await cluster.kill9(agent);
    await cluster.start(agent);
    expect(await ctl.exited, await ctl.output()).toEqual({ code: 0, signal: null });
    await visitors.stop();
    await expectAllNew(cluster, before);
    await expectAllIn(cluster, poundExe);
  });
});
