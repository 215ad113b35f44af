import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import type { Cluster } from '../../../deploy/demo/cluster.js';
import { startLoad } from '../../../deploy/demo/load.js';
import { findPound } from '../../../deploy/demo/pound.js';
import { systemClock } from '../../../shared/ports/clock.js';
import { realPart, setUpLimit } from '../../support/real.js';
import { testClusters } from '../../support/real-cluster.js';
import { expectAllNew } from '../roll/observe.js';

const pound = await realPart('Pound', findPound({ signal: setUpLimit() }));

describe.skipIf(pound === null)('a roll behind a real Pound without a control socket', () => {
  const start = testClusters();

  it('restarts Pound twice for each pool, says so before, and loses requests in those moments alone', async () => {
    const cluster = await start({
      ...{ clients: 4, pools: 2, zope: null, pound: pound?.exe ?? '', startMs: 300 },
      settings: { pound: { control: '', time_to_sleep: 0 } },
      signal: AbortSignal.timeout(120_000),
    });
    await cluster.startControl();
    const warning = 'pound restarts 4 times, since it is told by its file alone: requests in that moment fail';
    const dry = await cluster.ctl(['start', '--dry-run', '--json']);
    expect(JSON.parse(dry.stdout)).toMatchObject({ warnings: [warning] });

    const before = await cluster.clientPids();
    const text = await readFile(cluster.plan.pound.conf, 'utf8');
    const load = startLoad({ url: cluster.url, busy: 8, idle: 4, single: 2, thinkMs: 20 });
    await load.established;
    const restarts = watchRestarts(cluster);
    const roll = await cluster.ctl(['-a', 'start', '--json']);
    const moments = await restarts.stop();
    const stats = await load.stop();

    expect(roll.code, roll.stderr).toBe(0);
    expect(roll.stderr).toContain(warning);
    expect(moments).toHaveLength(4);
    const elsewhere = stats.failures.filter(({ at }) => !moments.some((moment) => Math.abs(at - moment) < RESTART_MS));
    expect(elsewhere).toEqual([]);
    expect(stats.requests).toBeGreaterThan(50);
    await expectAllNew(cluster, before);
    expect(await readFile(cluster.plan.pound.conf, 'utf8')).toBe(text);
    const { stdout, stderr } = await cluster.ctl(['balancer', 'status', '--json']);
    expect(stdout, stderr).toContain('drift');
    const { balancers, drift } = JSON.parse(stdout) as {
      balancers: { driver: string; backends: { in_file: string; in_runtime: string }[] }[];
      drift: string[];
    };
    expect(drift).toEqual([]);
    expect(balancers.map(({ driver }) => driver)).toEqual(['pound-file']);
    expect(balancers[0]?.backends.map((b) => `${b.in_file}/${b.in_runtime}`)).toEqual(['in/in', 'in/in', 'in/in', 'in/in']);
  });
});

/** From the end of the old Pound to the first answer of the new one, on a machine that is busy. */
const RESTART_MS = 2_500;

/** When the pid of Pound changed. */
function watchRestarts({ plan }: Cluster): { stop(): Promise<number[]> } {
  const moments: number[] = [];
  const over = new AbortController();
  const watching = (async () => {
    for (let last = ''; ;) {
      const pid = (await readFile(plan.pound.pidFile, 'utf8').catch(() => '')).trim();
      if (pid !== '' && last !== '' && pid !== last) moments.push(Date.now());
      if (pid !== '') last = pid;
      await systemClock.sleep(10, over.signal);
    }
  })();
  return {
    async stop() {
      over.abort();
      await watching.catch(() => undefined);
      return moments;
    },
  };
}
