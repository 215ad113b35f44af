import { mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join, relative, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { orAborted } from '../../shared/abort.js';
import { AppError } from '../../shared/errors.js';
import { systemClock } from '../../shared/ports/clock.js';
import { createCluster, type Cluster } from './cluster.js';
import { writeClusterFiles } from './cluster-files.js';
import { planCluster, portsNeeded } from './cluster-plan.js';
import { complaints, introduction, resultLine, whatToTry, type DemoResult } from './demo-screen.js';
import { findFreePorts } from './free-ports.js';
import { endProcessesOf } from './leftovers.js';
import { startLoad } from './load.js';
import { findPound, standInForPound } from './pound.js';
import { bundleStandIns } from './stand-ins.js';

const SIZE = { clients: 4, pools: 2 };
const VISITORS = { busy: 20, idle: 10 };
const CLIENT_START_MS = 1500;
const LIMIT_MS = 300_000;
const FOLDER_PREFIX = 'ctl-demo-';

const repository = join(import.meta.dirname, '../..');

/** Where everything goes that is not the JSON. */
const write = (text: string, json: boolean) => (json ? process.stderr : process.stdout).write(`${text}\n`);

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: { keep: { type: 'boolean' }, json: { type: 'boolean' }, 'stand-in': { type: 'boolean' }, end: { type: 'string' } },
  });
  if (values.end !== undefined) return endKept(values.end);
  const { keep = false, json = false } = values;
  // Agents look behind links: a temporary folder that is one has to be named by its real path.
  const folder = await mkdtemp(join(await realpath(tmpdir()), FOLDER_PREFIX));
  const interruption = onInterruption();
  const { signal } = interruption;
  let remains = false;
  try {
    const prepared = await prepare(folder, { standIn: values['stand-in'] === true, signal, say: (text) => write(text, json) });
    const well = await demonstrate(prepared, { keep, json });
    remains = keep;
    if (keep) prepared.cluster.leave();
    return well ? 0 : 1;
  } catch (error) {
    if (signal.aborted) return 130;
    throw error;
  } finally {
    interruption.dispose();
    if (!remains || signal.aborted) await discard(folder);
  }
}

interface Prepared {
  readonly cluster: Cluster;
  readonly pound: string;
  readonly balancer: string;
}

async function prepare(folder: string, options: { standIn: boolean; signal: AbortSignal; say: (text: string) => void }): Promise<Prepared> {
  const { signal, say } = options;
  const found = options.standIn ? null : await findPound({ signal });
  if (found?.ok === false) say(`· a stand-in takes the place of Pound: ${found.why}`);
  const pound = found?.ok === true ? found : await standInForPound(folder);
  const plan = planCluster(SIZE, folder, await findFreePorts(portsNeeded(SIZE.clients)));
  const commands = { ...(await bundleStandIns(import.meta.dirname, folder, { startMs: CLIENT_START_MS })), poundExe: pound.exe };
  await writeClusterFiles(plan, commands);
  const cluster = createCluster({ plan, commands, dist: join(repository, 'dist'), signal });
  return { cluster, pound: pound.describe, balancer: found?.ok === true ? `pound ${found.version}` : 'stand-in' };
}

/** True if every client was restarted and no visitor lost a request. */
async function demonstrate({ cluster, pound, balancer }: Prepared, { keep, json }: { keep: boolean; json: boolean }): Promise<boolean> {
  const { plan, signal } = cluster;
  await cluster.startServices();
  await cluster.startControl();
  const before = await cluster.clientPids();
  const load = startLoad({ url: cluster.url, ...VISITORS, thinkMs: 50 });
  try {
    await orAborted(load.established, signal);
    write(introduction(plan, pound, VISITORS), json);
    const startedAt = performance.now();
    const { code } = await orAborted(
      cluster.ctl(['-a', 'start'], { timeoutMs: LIMIT_MS, output: json ? 'show-on-stderr' : 'show' }),
      signal,
    );
    const seconds = round((performance.now() - startedAt) / 1000);
    // A moment longer, so that the client that came back last is asked as well.
    await systemClock.sleep(500, signal);
    const stats = await load.stop();
    const after = await cluster.clientPids();
    const clients = [...after].filter(([name, pid]) => pid !== before.get(name)).length;
    const result: DemoResult = { clients, pools: SIZE.pools, requests: stats.requests, failed: stats.failed, seconds, balancer };
    const wrong = complaints(plan, result, code, stats);
    for (const line of wrong) process.stderr.write(`${line}\n`);
    if (keep) write(whatToTry(plan, `node ${relative(process.cwd(), join(repository, 'dist/ctl.js'))}`), json);
    write(`\n${resultLine(result)}`, json);
    if (json) process.stdout.write(`${JSON.stringify(result)}\n`);
    return wrong.length === 0;
  } finally {
    await load.stop();
  }
}

/** Ctrl-C, or the end of the terminal: a signal for all that waits. A second one ends this process at once. */
function onInterruption(): { readonly signal: AbortSignal; dispose(): void } {
  const interrupted = new AbortController();
  const onSignal = () => {
    if (interrupted.signal.aborted) process.exit(130);
    process.stderr.write('\ncleaning up\n');
    interrupted.abort(new AppError('cancelled', 'interrupted'));
  };
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  for (const name of signals) process.on(name, onSignal);
  return {
    signal: interrupted.signal,
    dispose() {
      for (const name of signals) process.off(name, onSignal);
    },
  };
}

async function endKept(path: string): Promise<number> {
  const folder = resolve(path);
  if (!basename(folder).startsWith(FOLDER_PREFIX)) throw new AppError('usage', `${folder} is not the folder of a demo`);
  await discard(folder);
  return 0;
}

async function discard(folder: string): Promise<void> {
  await endProcessesOf(folder);
  await rm(folder, { recursive: true, force: true });
}

const round = (seconds: number) => Math.round(seconds * 100) / 100;

try {
  process.exitCode = await main();
} catch (error) {
  if (!(error instanceof AppError)) throw error;
  process.stderr.write(`demo: ${error.message}\n${error.hint === undefined ? '' : `${error.hint}\n`}`);
  process.exitCode = error.code === 'usage' ? 2 : 1;
}
