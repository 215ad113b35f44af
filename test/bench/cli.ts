import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify, parseArgs } from 'node:util';
import { createProcesses } from '../../deploy/demo/processes.js';
import { discardCluster, startRealCluster } from '../support/real-cluster.js';
import { startSupervisor } from '../support/supervisor.js';
import { supervisorEnvironment } from '../support/supervisor-env.js';

/**
 * What it costs to look: `ctl status` against a running controller and `supervisorctl status` against a running supervisord, each with
 * seven services, one after the other in turn; from the start of the program to its end. Medians of 20. Both run as a shell would run
 * them: the interpreter and its script.
 */
const { values } = parseArgs({ options: { json: { type: 'boolean' }, rounds: { type: 'string', default: '20' } } });
const say = (text: string): void => void process.stderr.write(`${text}\n`);
const abort = new AbortController();
process.once('SIGINT', () => abort.abort(new Error('interrupted')));
const { signal } = abort;
const run = promisify(execFile);

const supervisor = await supervisorEnvironment({ signal });
if (!supervisor.ok) throw new Error(`no supervisor: ${supervisor.why}`);
const cluster = await startRealCluster({ clients: 4, pools: 2, zope: null, pound: null, signal });
const processes = createProcesses(join(cluster.plan.folder, 'peer'));
try {
  await cluster.startControl();
  const programs = Object.fromEntries(Array.from({ length: 7 }, (_, i) => [`client${i}`, { argv: ['/bin/sleep', '3600'] as const }]));
  const peer = await startSupervisor(supervisor, cluster.plan.folder, programs, processes, signal);
  for (const name of Object.keys(programs)) await peer.rpc('startProcess', [name, true], signal);

  const ours = [process.execPath, join(import.meta.dirname, '../../dist/ctl.js'), 'status', '-c', cluster.plan.controller.ini] as const;
  const theirs = supervisor.supervisorctl(peer.socket, 'status');
  const times = { ours: [] as number[], theirs: [] as number[] };
  // The first of each warms the caches of the disk.
  for (let round = 0; round <= Number(values.rounds); round++) {
    const [own, other] = [await timed(ours), await timed(theirs)];
    if (round === 0) continue;
    times.ours.push(own);
    times.theirs.push(other);
  }
  const [oursMs, peerMs] = [median(times.ours), median(times.theirs)];
  const result = { name: 'cli', ours_ms: round1(oursMs), peer_ms: round1(peerMs), ratio: Math.round((oursMs / peerMs) * 1000) / 1000 };
  const lines = Object.entries(result).map(([key, value]) => `${key}: ${value}`);
  process.stdout.write(values.json === true ? `${JSON.stringify(result)}\n` : `${lines.join('\n')}\n`);
} finally {
  await processes.endAll();
  await discardCluster(cluster);
}

/** ms; what it printed has to name every service, or there was no answer. */
async function timed([file, ...args]: readonly [string, ...string[]]): Promise<number> {
  const start = performance.now();
  const { stdout } = await run(file, args, { signal, timeout: 30_000 });
  const ms = performance.now() - start;
  const named = stdout.split('\n').filter((line) => line.includes('client')).length;
  if (named < 4) throw new Error(`${args.join(' ')} named ${named} services:\n${stdout}`);
  say(`${args.at(-1) === 'status' ? 'supervisorctl' : 'ctl'} ${ms.toFixed(1)} ms`);
  return ms;
}

function median(values_: readonly number[]): number {
  const sorted = [...values_].sort((a, b) => a - b);
  const middle = sorted.length / 2;
  return ((sorted[Math.floor(middle)] ?? NaN) + (sorted[Math.ceil(middle) - 1] ?? NaN)) / 2;
}

function round1(ms: number): number {
  return Math.round(ms * 10) / 10;
}
