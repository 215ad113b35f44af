import { appendFile, readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import type { Cluster } from '../../../deploy/demo/cluster.js';
import { findPound } from '../../../deploy/demo/pound.js';
import { until } from '../../../deploy/demo/until.js';
import { realPart, setUpLimit } from '../../support/real.js';
import { testClusters } from '../../support/real-cluster.js';
import { zopeEnvironment } from '../../support/zope-env.js';

const zope = await realPart('Zope 5 and ZEO', zopeEnvironment({ signal: setUpLimit() }));
const pound = await realPart('Pound', findPound({ signal: setUpLimit() }));

describe.skipIf(zope === null || pound === null)('the monitor of real Zope clients and a real ZEO server', () => {
  const start = testClusters();
  const startAll = async (monitor: Readonly<Record<string, string | number>>) => {
    const settings = { DEFAULT: { timeout: 3 }, monitor };
    const signal = AbortSignal.timeout(240_000);
    const cluster = await start({ clients: 2, pools: 1, zope, pound: pound?.exe ?? '', settings, signal });
    await cluster.startControl();
    return cluster;
  };

  it('tells that the ZEO server and a client are gone, each once, and that they are back', async () => {
    const cluster = await startAll({ interval: 1, failures: 2 });
    const { zeo, clients } = cluster.plan;
    const [killed, other] = clients;
    if (killed === undefined || other === undefined) throw new Error('two clients were planned');
    process.kill(Number(await readFile(zeo.pidFile, 'utf8')), 'SIGTERM');
    process.kill((await cluster.clientPids()).get(killed.name) ?? 0, 'SIGKILL');
    const isCritical = ({ event }: Told) => event !== null;
    const gone = [zeo.name, killed.name];
    await eventsUntil(cluster, 'both to be in trouble', ['--open'], (events) =>
      gone.every((name) => events.some(({ service, event }) => service === name && event === 1)),
    );

    expect((await cluster.ctl(['start', ...gone, '--json'])).code).toBe(0);
    await eventsUntil(cluster, 'both to be well', ['--open'], (events) => !events.some(isCritical));
    const all = await eventsUntil(cluster, 'the history', [], () => true);
    expect(
      all
        .filter(({ event }) => event === 1)
        .map(({ service }) => service)
        .sort(),
    ).toEqual([...gone].sort());
    expect(all.filter(isCritical).every(({ open, ended }) => !open && ended !== null)).toBe(true);

    expect((await cluster.ctl(['stop', other.name, '--yes', '--json'])).code).toBe(0);
    const stoppedAt = Date.now();
    await until(
      'three rounds after a stop on purpose',
      async () => ((await seenAt(cluster, other.name)) > stoppedAt + 3_000 ? true : null),
      {
        timeoutMs: 60_000,
        signal: cluster.signal,
      },
    );
    expect((await eventsUntil(cluster, 'what lasts', ['--open', other.name], () => true)).filter(isCritical)).toEqual([]);
  });

  it('calls a client that works on a long request busy, and event 5 if it stays so', async () => {
    const cluster = await startAll({ interval: 3600, failures: 2 });
    const [client] = cluster.plan.clients;
    if (client === undefined) throw new Error('two clients were planned');
    const working = new AbortController();
    // All threads of its waitress, with requests behind them.
    const requests = Array.from({ length: 8 }, () =>
      fetch(`http://127.0.0.1:${client.port}/work?ms=60000`, { signal: working.signal }).catch(() => null),
    );
    try {
      const check = () => cluster.ctl(['check', client.name, '--json', '--no-mail']);
      const first = await check();
      expect(JSON.parse(first.stdout)).toMatchObject({
        exit: 0,
        services: [{ state: 'busy', findings: [{ event: null, kind: 'timeout' }] }],
      });
      const second = await check();
      expect(JSON.parse(second.stdout)).toMatchObject({
        exit: 1,
        services: [{ state: 'critical', findings: [{ event: 5, kind: 'timeout' }] }],
      });
      const all = await eventsUntil(cluster, 'its events', [client.name], () => true);
      expect(all.filter(({ kind }) => kind === 'timeout')).toMatchObject([
        { event: null, kind: 'timeout', open: false },
        { event: 5, kind: 'timeout', open: true },
      ]);
    } finally {
      working.abort();
      await Promise.all(requests);
    }
  });

  it('hears of a critical entry and of a dead process at once, between two rounds that are far apart', async () => {
    const cluster = await startAll({ interval: 3600, failures: 2 });
    const [logged, killed] = cluster.plan.clients;
    if (logged === undefined || killed === undefined) throw new Error('two clients were planned');
    await appendFile(logged.logFile, `${zopeTime()} ERROR [Zope:1][waitress-0] MemoryError\n`);
    const [entry] = await eventsUntil(cluster, 'the critical entry', ['--open', logged.name], (events) => events.length > 0);
    expect(entry).toMatchObject({ event: 4, kind: 'log', count: 1, log_entry: expect.stringContaining('MemoryError') as string });
    process.kill((await cluster.clientPids()).get(killed.name) ?? 0, 'SIGKILL');
    const [death] = await eventsUntil(cluster, 'the dead process', ['--open', killed.name], (events) => events.length > 0);
    expect(death).toMatchObject({ event: 1, kind: 'process' });
  });
});

interface Told {
  readonly id: string;
  readonly service: string | null;
  readonly event: number | null;
  readonly kind: string;
  readonly open: boolean;
  readonly ended: string | null;
}

async function eventsUntil(
  cluster: Cluster,
  what: string,
  args: readonly string[],
  enough: (events: readonly Told[]) => boolean,
): Promise<readonly Told[]> {
  const ask = async () => {
    const { stdout } = await cluster.ctl(['events', ...args, '--json']);
    const { events } = JSON.parse(stdout) as { events: readonly Told[] };
    return enough(events) ? events : null;
  };
  return until(what, ask, { timeoutMs: 90_000, signal: cluster.signal });
}

/** When a service was last seen to be stopped, epoch ms; 0: it runs. */
async function seenAt(cluster: Cluster, name: string): Promise<number> {
  const { stdout } = await cluster.ctl(['status', name, '--json']);
  const { at, services } = JSON.parse(stdout) as { at: string; services: { state: string; age_s: number }[] };
  const [service] = services;
  return service?.state === 'stopped' ? Date.parse(at) - service.age_s * 1000 : 0;
}

/** As Zope writes it, after whatever second its start was in. */
const zopeTime = (): string => new Date().toISOString().replace('T', ' ').slice(0, 19);
