import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { poundCommand } from '../../deploy/demo/cluster-plan.js';
import type { Cluster } from '../../deploy/demo/cluster.js';
import { startLoad, type LoadStats } from '../../deploy/demo/load.js';
import { findPound } from '../../deploy/demo/pound.js';
import { findHaproxy } from '../support/haproxy.js';
import { haproxyInFront } from '../support/haproxy-cluster.js';
import { startRealCluster, discardCluster, type RealClusterOptions } from '../support/real-cluster.js';
import { type ZopeEnvironment, zopeEnvironment } from '../support/zope-env.js';
import { zopeCommands } from '../support/zope-services.js';
import { oldRoll } from '../support/old-roll.js';

/**
 * Rolls of a real cluster under load, against what its services themselves need: floor_seconds is the sum over the batches of the slowest
 * member's (exec → first HTTP 200) + warm-up, by the services' own time stamps, plus the last request in flight (the visitors' median).
 * Zope ends at once on SIGTERM, so nothing is added for its stop. `peer_failed`: the same roll the old way, pound.cfg edited and Pound restarted; null for another balancer (`--balancer haproxy`).
 */
const { values } = parseArgs({
  options: { json: { type: 'boolean' }, rolls: { type: 'string', default: '5' }, balancer: { type: 'string', default: 'pound' } },
});
const say = (text: string): void => void process.stderr.write(`${text}\n`);
const abort = new AbortController();
process.once('SIGINT', () => abort.abort(new Error('interrupted')));

const LOAD = { busy: 20, idle: 10, single: 2, thinkMs: 100 };
/** Pages that a client gets warm with: each lists 200 documents, which it loads from the ZEO server. */
const SECTIONS = 32;
const warmUpPaths = Array.from({ length: SECTIONS }, (_, i) => `/section${i}/`);
const rolls = Number(values.rolls);

if (!['pound', 'haproxy'].includes(values.balancer)) throw new Error(`--balancer ${values.balancer}: pound or haproxy`);
const [zope, front] = await Promise.all([zopeEnvironment({ signal: abort.signal }), findBalancer(values.balancer)]);
if (!zope.ok) throw new Error(`no Zope: ${zope.why}`);
say(`${front.describe}; four Zope clients, ${LOAD.busy} busy and ${LOAD.idle} idle keep-alive connections, ${rolls} rolls`);
const cluster = await startRealCluster({
  clients: 4,
  pools: 2,
  zope,
  ...front.options,
  sections: SECTIONS,
  settings: { feedcache: { url: warmUpPaths, concurrency: 4 } },
  signal: abort.signal,
});
try {
  await cluster.startControl();
  const load = startLoad({ url: cluster.url, ...LOAD });
  await load.established;
  let seconds = 0;
  for (let roll = 1; roll <= rolls; roll++) {
    const took = await roll_(cluster);
    seconds += took;
    const { requests, failed } = load.stats();
    say(`roll ${roll}: ${took.toFixed(2)} s, ${requests} requests, ${failed} failed so far`);
  }
  const ours = await load.stop();
  for (const { at, why } of ours.failures) say(`failed at ${new Date(at).toISOString()}: ${why}`);
  const floor = await floorSeconds(cluster, (ours.latencyMs?.p50 ?? 0) / 1000);
  const peerFailed = front.options.pound === null ? null : await failedTheOldWay(front.options.pound, zope);
  const result = {
    name: 'roll',
    rolls,
    requests: ours.requests,
    failed: ours.failed,
    seconds: round(seconds),
    floor_seconds: round(floor),
    overhead: round(seconds / floor),
    peer_failed: peerFailed,
  };
  process.stdout.write(
    values.json === true
      ? `${JSON.stringify(result)}\n`
      : `${Object.entries(result)
          .map(([k, v]) => `${k}: ${v}`)
          .join('\n')}\n`,
  );
  process.exitCode = ours.failed === 0 ? 0 : 1;
} finally {
  if (process.env.KEEP) {
    await cluster.end();
    say(cluster.plan.folder);
  } else await discardCluster(cluster);
}

async function findBalancer(kind: string): Promise<{ describe: string; options: Pick<RealClusterOptions, 'pound' | 'balancer'> }> {
  const { signal } = abort;
  if (kind === 'haproxy') {
    const haproxy = await findHaproxy({ signal });
    if (!haproxy.ok) throw new Error(`no HAProxy: ${haproxy.why}`);
    return { describe: `haproxy ${haproxy.version}`, options: { pound: null, balancer: haproxyInFront(haproxy) } };
  }
  const pound = await findPound({ signal });
  if (!pound.ok) throw new Error(`no Pound: ${pound.why}`);
  return { describe: pound.describe, options: { pound: pound.exe } };
}

async function failedTheOldWay(poundExe: string, services: ZopeEnvironment): Promise<number> {
  say('the old way: pound.cfg edited, Pound restarted, pool by pool');
  const commands = { ...zopeCommands(services), poundExe };
  return (await underLoad(cluster, () => oldRoll(cluster.plan, commands, poundCommand, abort.signal))).failed;
}

async function roll_(target: Cluster): Promise<number> {
  const { code, stdout, stderr } = await target.ctl(['-a', 'start', '--json']);
  if (code !== 0) throw new Error(`ctl -a start ended with ${code}: ${stderr}${stdout}`);
  const result = JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as {
    seconds: number;
    services: { name: string; steps: Record<string, number> }[];
  };
  for (const { name, steps } of result.services)
    say(
      `  ${name}: ${Object.entries(steps)
        .map(([step, ms]) => `${step} ${Math.round(ms)}`)
        .join(', ')}`,
    );
  return result.seconds;
}

interface Asked {
  readonly pid: number;
  readonly exec: number;
  readonly path: string;
  readonly from: number;
  readonly to: number;
  readonly status: number;
}

/** One client is a batch: the sum over all processes that were started while the load ran, and a request in flight before each. */
async function floorSeconds({ plan }: Cluster, lastRequest: number): Promise<number> {
  let floor = 0;
  for (const client of plan.clients) {
    const lines = (await readFile(join(client.folder, 'var', 'timeline.jsonl'), 'utf8')).trim().split('\n');
    const asked = lines.map((line) => JSON.parse(line) as Asked);
    // The first process was started before the rolls.
    const pids = [...new Set(asked.map((a) => a.pid))].slice(1);
    for (const pid of pids) floor += lastRequest + startOf(asked.filter((a) => a.pid === pid));
  }
  return floor;
}

function startOf(asked: readonly Asked[]): number {
  const first = asked.find((a) => a.status === 200);
  if (first === undefined) throw new Error('a client never answered with 200');
  const warmUp = asked.filter((a) => /\/section\d+\/?$/.test(a.path));
  const warm = warmUp.length === 0 ? 0 : Math.max(...warmUp.map((a) => a.to)) - Math.min(...warmUp.map((a) => a.from));
  return first.to - first.exec + warm;
}

async function underLoad({ url }: Cluster, work: () => Promise<void>): Promise<LoadStats> {
  const load = startLoad({ url, ...LOAD });
  await load.established;
  await work();
  await delay(500);
  return load.stop();
}

function round(value: number): number {
  return Math.round(value * 1000) / 1000;
}
