import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { findPound } from '../../../deploy/demo/pound.js';
import { until } from '../../../deploy/demo/until.js';
import { AppError } from '../../../shared/errors.js';
import { createTypist, type Typist } from '../../support/hosts/carry-out.js';
import { findIptables } from '../../support/hosts/iptables.js';
import { readRunbook } from '../../support/hosts/runbook.js';
import { findSite } from '../../support/hosts/site.js';
import { setStage, type Stage } from '../../support/hosts/stage.js';
import { sendVisitors, type Visitors } from '../../support/hosts/visitors.js';
import { repository } from '../../support/managed-cluster.js';
import { realPart, setUpLimit } from '../../support/real.js';
import { systemdEnvironment } from '../../support/systemd-env.js';
import { zopeEnvironment } from '../../support/zope-env.js';
import { clusterOn, type HostsCluster } from './cluster.js';
import { bringNextVersion } from './next-version.js';

const HOSTS = { ctl1: '10.0.0.10', lb1: '10.0.0.20', zeo1: '10.0.0.30', app1: '10.0.0.41', app2: '10.0.0.42', app3: '10.0.0.43' };
const APPS = ['app1', 'app2', 'app3'];
const COMES_ABOUT = 'comes about by what the runbook says, and nothing else';
const SITE = 'http://10.0.0.20/VirtualHostBase/http/www.example.org:80/site/VirtualHostRoot/';

const systemd = await realPart('hosts under systemd', systemdEnvironment({ signal: setUpLimit() }));
const iptables = await realPart('networks that fail', findIptables({ signal: setUpLimit() }));
const zope = await realPart('Zope 5 and ZEO', zopeEnvironment({ signal: setUpLimit() }));
const pound = await realPart('Pound', findPound({ signal: setUpLimit() }));
const site = zope === null || pound === null ? null : await realPart('a site on several hosts', findSite(zope, pound.exe, setUpLimit()));
const runbook = await readRunbook(join(repository, 'deploy/README.md'));

/** One test after the other goes on with the cluster that the ones before it left, as its operator would. */
describe.skipIf(systemd === null || iptables === null || site === null)('a cluster of several hosts', () => {
  const signal = AbortSignal.timeout(600_000);
  let stage: Stage;
  let cluster: HostsCluster;
  let typist: Typist;
  let visitors: Visitors | null = null;
  let isThere = false;

  beforeAll(async () => {
    if (systemd === null || iptables === null || site === null) throw new Error('skipped');
    const others = { visitors: '10.0.0.99' };
    stage = await setStage({ systemd, iptables, hosts: HOSTS, others, readOnly: site.readOnly, signal });
    await site.start(stage, { zeo: 'zeo1', pound: 'lb1', zopes: APPS });
    cluster = clusterOn(stage, signal);
    typist = await createTypist(runbook, stage, repository);
  });
  beforeEach(({ task, skip }) => {
    // Each of them would wait in vain.
    if (!isThere && task.name !== COMES_ABOUT) skip();
  });
  afterEach(async ({ task }) => {
    if (task.result?.state === 'fail') console.error(await cluster.journals());
    await Promise.all([...stage.networks.values()].map((network) => network.heal()));
    await visitors?.leave();
    visitors = null;
  });
  afterAll(async () => {
    await stage.end();
  });

  const visit = async () => void (visitors = await sendVisitors(stage.network('visitors'), SITE, { processes: stage.processes, signal }));
  /** None of them lost a request. */
  const expectServed = async () => {
    const stats = await visitors?.leave();
    visitors = null;
    expect(stats?.failures).toEqual([]);
    expect(stats).toMatchObject({ failed: 0, retried: 0 });
    expect(stats?.requests).toBeGreaterThan(20);
  };
  const expectRestarted = async (before: Readonly<Record<string, string>>) => {
    const after = await cluster.processes();
    for (const name of ['zope1', 'zope2', 'zope3']) expect(after[name], name).not.toBe(before[name]);
    for (const name of ['zeo', 'pound']) expect(after[name], name).toBe(before[name]);
  };
  const untilStates = async (wanted: Readonly<Record<string, string>>) => {
    let last: unknown;
    const seen = async () => {
      last = await cluster.states();
      expect(last).toEqual(wanted);
      return true;
    };
    await until(JSON.stringify(wanted), seen, { timeoutMs: 60_000, signal }).catch((cause: unknown) => {
      throw new AppError('failed', `the states are ${JSON.stringify(last)}`, { cause });
    });
  };
  const rollInTheMiddle = async () => {
    const roll = await cluster.startCtl('restart --json');
    const begun = '"service":"zope2","step":"start","state":"begin"';
    await until('the second client to be started', async () => (await roll.output()).includes(begun), { timeoutMs: 60_000, signal });
    return roll;
  };
  const WELL = { zeo: 'ok', pound: 'ok', zope1: 'ok', zope2: 'ok', zope3: 'ok' };

  it(COMES_ABOUT, async () => {
    for (const heading of ['Build', 'Install', 'The controller', 'The agents', 'Whoever uses ctl']) await typist.follow(heading);
    await cluster.untilWell();
    await typist.follow('The first check');
    expect(await cluster.states()).toEqual(WELL);
    await cluster.setDrainQuiet(1);
    isThere = true;
  });

  it('is rolled under load, and no visitor lost a request', async () => {
    const before = await cluster.processes();
    await visit();
    await typist.follow('The first roll');
    await expectServed();
    await expectRestarted(before);
    await cluster.expectAllIn();
  });

  it('calls a client whose host is cut off unknown, restarts nothing, and has it back when the cable is in again', async () => {
    const before = await cluster.processes();
    await stage.network('app2').unplug();
    await untilStates({ ...WELL, zope2: 'unknown' });
    expect(await cluster.ctl('restart')).toMatchObject({ code: 5, stderr: expect.stringContaining('nothing was touched') as string });
    await stage.network('app2').plugIn();
    await cluster.untilWell();
    expect(await cluster.processes()).toEqual(before);
    await cluster.expectAllIn();
  });

  it('goes on serving while controller and balancer cannot reach each other, and refuses a roll', async () => {
    const before = await cluster.processes();
    await visit();
    await Promise.all([stage.network('lb1').ignore(HOSTS.ctl1), stage.network('ctl1').ignore(HOSTS.lb1)]);
    await untilStates({ ...WELL, pound: 'unknown', zope1: 'unknown', zope2: 'unknown', zope3: 'unknown' });
    expect(await cluster.ctl('restart')).toMatchObject({ code: 5, stderr: expect.stringContaining('nothing was touched') as string });
    await Promise.all([stage.network('lb1').heed(HOSTS.ctl1), stage.network('ctl1').heed(HOSTS.lb1)]);
    await cluster.untilWell();
    await expectServed();
    expect(await cluster.processes()).toEqual(before);
    await cluster.expectAllIn();
  });

  it('ends a roll well in whose middle the controller was cut off from everybody', async () => {
    const before = await cluster.processes();
    await visit();
    await rollInTheMiddle();
    await stage.network('ctl1').unplug();
    await untilStates({ zeo: 'unknown', pound: 'unknown', zope1: 'unknown', zope2: 'unknown', zope3: 'unknown' });
    await stage.network('ctl1').plugIn();
    expect(await cluster.endOfOperation()).toBe('completed');
    await expectServed();
    await cluster.untilWell();
    await typist.follow('When the network is cut');
    await expectRestarted(before);
    await cluster.expectAllIn();
  });

  it('is rolled over a network that loses a tenth of all packets', async () => {
    const before = await cluster.processes();
    // A request whose packet was lost is on its way until it is sent again.
    await cluster.setDrainQuiet(null);
    await Promise.all(stage.hosts.map((host) => host.network.lose(0.1)));
    await visit();
    expect(await cluster.ctl('restart')).toMatchObject({ code: 0 });
    await expectRestarted(before);
    // What visitors saw meanwhile is not asked: a connection that Pound has just begun, and whose first packet was lost, is seen by nobody.
    await visitors?.leave();
    await Promise.all(stage.hosts.map((host) => host.network.lose(0)));
    await cluster.untilWell();
    await cluster.expectAllIn();
    // Pound 4.16 resurrects a backend once for each connection that failed, and counts it as often: until one is switched the next time,
    // it has no backend for a share of all requests.
    await stage.host('lb1').say('systemctl restart pound');
    await cluster.untilWell();
    await cluster.setDrainQuiet(1);
  });

  it('does not notice that an agent is killed, and then upgraded', async () => {
    const before = await cluster.processes();
    await visit();
    const agentOf = async () => (await stage.host('app1').say('systemctl show -p MainPID --value ctl-agent')).trim();
    const agent = await agentOf();
    await stage.host('app1').say(`kill -9 ${agent}`);
    await until('another agent', async () => !['0', agent].includes(await agentOf()), { timeoutMs: 20_000, signal });
    await cluster.untilWell();
    const version = await bringNextVersion(join(repository, 'dist'), stage.home('app1'), signal);
    expect(await typist.follow('Upgrade an agent')).toContain(version);
    await cluster.untilWell();
    await expectServed();
    expect(await cluster.processes()).toEqual(before);
  });

  it('ends a roll well in whose middle the controller was killed', async () => {
    const before = await cluster.processes();
    await visit();
    await rollInTheMiddle();
    await stage.host('ctl1').say('systemctl kill --signal=KILL ctl-controller');
    await until('the controller to answer', async () => (await cluster.ctl('operations list')).code === 0, { timeoutMs: 30_000, signal });
    expect(await cluster.endOfOperation()).toBe('completed');
    await expectServed();
    await expectRestarted(before);
    await cluster.untilWell();
    await cluster.expectAllIn();
  });

  it('cuts off a host that is revoked, and takes it back when it has joined again', async () => {
    await typist.follow('Revoke');
    await cluster.untilWell();
  });

  it('gets another authority while everybody stays', async () => {
    await typist.follow('Replace the authority');
    await cluster.untilWell();
  });

  it('has its controller back from a backup', async () => {
    await typist.follow('Back up the controller');
    await stage.host('ctl1').say('systemctl stop ctl-controller; rm -r /etc/ctl /var/lib/ctl-controller');
    await typist.follow('Restore the controller');
    await cluster.untilWell();
  });

  it('has been told everything that stands in the runbook', () => {
    expect([...typist.followed].sort()).toEqual([...runbook.headings].sort());
  });
});
