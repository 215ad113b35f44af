import { afterEach, describe, expect, it, vi } from 'vitest';
import type { Cluster } from '../../../deploy/demo/cluster.js';
import { findPound } from '../../../deploy/demo/pound.js';
import { realPart, setUpLimit } from '../../support/real.js';
import { testClusters } from '../../support/real-cluster.js';
import { expectAllIn, expectAllNew, rollInTheMiddle, visit } from '../roll/observe.js';
import { embed, fromCron, newestOperation } from './embedded-cluster.js';

const pound = await realPart('Pound', findPound({ signal: setUpLimit() }));

describe.skipIf(pound === null)('ctl without a daemon, on one machine with a real Pound', () => {
  const start = testClusters();
  const poundExe = pound?.exe ?? '';
  afterEach(() => void vi.unstubAllEnvs());
  const startEmbedded = async (startMs = 500) => {
    const cluster = await start({ clients: 4, pools: 2, zope: null, pound: poundExe, startMs, signal: AbortSignal.timeout(120_000) });
    await embed(cluster);
    // A ctl that is killed leaves its socket behind.
    vi.stubEnv('TMPDIR', cluster.plan.folder);
    return { cluster, before: await cluster.clientPids() };
  };
  /** Visitors lost nothing, and every client is a new process in the balancer. */
  const expectRolled = async (cluster: Cluster, before: ReadonlyMap<string, number>, visitors: Awaited<ReturnType<typeof visit>>) => {
    await visitors.stop();
    await expectAllNew(cluster, before);
    await expectAllIn(cluster, poundExe);
  };
  const expectUnfinished = async (cluster: Cluster): Promise<string> => {
    const { id, state } = await newestOperation(cluster);
    expect(state).toBe('interrupted');
    const again = await fromCron(cluster, ['-a', 'start']);
    expect(again).toMatchObject({ code: 4, stderr: expect.stringContaining(`ctl operations resume ${id}`) as string });
    return id;
  };

  it('rolls the cluster from cron, and no visitor lost a request', async () => {
    const { cluster, before } = await startEmbedded();
    const visitors = await visit(cluster);
    const roll = await fromCron(cluster, ['-a', 'start']);
    expect(roll).toMatchObject({ code: 0, stderr: '' });
    await expectRolled(cluster, before, visitors);
    expect(await newestOperation(cluster)).toMatchObject({ state: 'completed' });
  });

  it('names the operation that a kill -9 left unfinished, and resumes it', async () => {
    const { cluster, before } = await startEmbedded();
    const visitors = await visit(cluster);
    const ctl = await rollInTheMiddle(cluster);
    ctl.signal('SIGKILL');
    await ctl.exited;
    const id = await expectUnfinished(cluster);
    expect(await fromCron(cluster, ['operations', 'resume', id])).toMatchObject({ code: 0, stderr: '' });
    await expectRolled(cluster, before, visitors);
  });

  it('puts the client in hand back and ends for good what is aborted after a kill -9', async () => {
    const { cluster } = await startEmbedded();
    const ctl = await rollInTheMiddle(cluster);
    ctl.signal('SIGKILL');
    await ctl.exited;
    const { id } = await newestOperation(cluster);
    expect(await fromCron(cluster, ['operations', 'abort', id])).toMatchObject({ code: 0 });
    expect(await newestOperation(cluster)).toEqual(expect.objectContaining({ id, state: 'aborted' }));
    await expectAllIn(cluster, poundExe);
  });

  it.each(['SIGINT', 'SIGHUP'] as const)('finishes the client in hand after a %s, exit 130', async (signal) => {
    const { cluster } = await startEmbedded();
    const ctl = await rollInTheMiddle(cluster);
    ctl.signal(signal);
    expect(await ctl.exited, await ctl.output()).toEqual({ code: 130, signal: null });
    await expectAllIn(cluster, poundExe);
    await expectUnfinished(cluster);
  });

  it('finishes the client in hand when --timeout is over, exit 130, and does the rest when it is resumed', async () => {
    const { cluster, before } = await startEmbedded();
    const visitors = await visit(cluster);
    expect(await fromCron(cluster, ['-a', 'start', '--timeout', '2'])).toMatchObject({ code: 130 });
    await expectAllIn(cluster, poundExe);
    const id = await expectUnfinished(cluster);
    expect(await fromCron(cluster, ['operations', 'resume', id])).toMatchObject({ code: 0 });
    await expectRolled(cluster, before, visitors);
  });

  it('tells others what is on record while it rolls, and refuses what would need its state_dir', async () => {
    const { cluster } = await startEmbedded(3_000);
    const ctl = await rollInTheMiddle(cluster);
    const { id, state } = await newestOperation(cluster);
    expect(state).toBe('running');
    const [status, refused, followed] = await Promise.all([
      cluster.ctl(['status']),
      cluster.ctl(['check']),
      cluster.ctl(['operations', 'show', id, '--follow', '--json']),
    ]);
    expect(status).toMatchObject({ code: 5, stdout: expect.stringContaining('never measured') as string });
    expect(refused).toMatchObject({ code: 4, stderr: expect.stringContaining('a controller works with') as string });
    expect(JSON.parse(followed.stdout.trimEnd().split('\n').at(-1) ?? '')).toMatchObject({ type: 'result', outcome: 'completed' });
    expect(await ctl.exited, await ctl.output()).toEqual({ code: 0, signal: null });
  });
});
