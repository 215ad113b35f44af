import { execFile } from 'node:child_process';
import { parseArgs, promisify } from 'node:util';
import { rgPath } from '@vscode/ripgrep';
import type { Cluster } from '../../deploy/demo/cluster.js';
import { watchMemory } from '../support/memory-watch.js';
import { discardCluster, startRealCluster } from '../support/real-cluster.js';
import { appendZopeLog } from '../support/zope-log.js';

/**
 * `ctl log --all --count` the whole way (ctl, controller, agent, ripgrep) against `LC_ALL=C grep -cE` on the same file of 500 MB, warm. The
 * numbers of lines must be equal, and the agent with its children must stay under 150 MB throughout. Beside it: the same pattern of 2 % not
 * counted but streamed. Of each program the quickest of the rounds counts, which are taken in turns: the others are what else runs here.
 */
const { values } = parseArgs({
  options: { json: { type: 'boolean' }, megabytes: { type: 'string', default: '500' }, rounds: { type: 'string', default: '7' } },
});
const say = (text: string): void => void process.stderr.write(`${text}\n`);
const abort = new AbortController();
process.once('SIGINT', () => abort.abort(new Error('interrupted')));
const run = promisify(execFile);

const PATTERNS = [
  { name: 'none', pattern: 'MemoryError|ClientStorageError', options: [] },
  { name: 'rare', pattern: 'ConflictError', options: [] },
  { name: 'common', pattern: 'WARNING|ERROR', options: [] },
  { name: 'gap', pattern: 'GET .* took [89][0-9]{2}[.]', options: [] },
  { name: 'case', pattern: 'attributeerror|keyerror', options: ['-i'] },
] as const;
const MAX_RSS_KB = 150 * 1024;
const rounds = Number(values.rounds);

const cluster = await startRealCluster({
  clients: 1,
  pools: 1,
  zope: null,
  pound: null,
  signal: abort.signal,
});
try {
  const file = logOf(cluster.plan);
  say(`writing a log of ${values.megabytes} MB`);
  await appendZopeLog(file, { bytes: Number(values.megabytes) * 1024 * 1024, seed: 7 });
  await cluster.startControl();
  const memory = watchMemory(cluster.program('app').pid);
  const patterns = [];
  for (const one of PATTERNS) patterns.push(await measure(cluster, file, one));
  const streamed = await measureStream(cluster);
  const rssKb = await memory.end();
  if (rssKb > MAX_RSS_KB) throw new Error(`the agent and its children held ${rssKb} kB`);
  const result = {
    name: 'log-search',
    patterns,
    ratio_vs_grep: round(median(patterns.map(({ ours_s, grep_s }) => ours_s / grep_s))),
    rss_kb: rssKb,
    streamed,
  };
  process.stdout.write(values.json === true ? `${JSON.stringify(result)}\n` : `${JSON.stringify(result, null, 2)}\n`);
  process.exitCode = result.ratio_vs_grep < 1 ? 0 : 1;
} finally {
  await discardCluster(cluster);
}

/** Of the client, which is quiet once it has started. */
function logOf({ clients }: Cluster['plan']): string {
  const [client] = clients;
  if (client === undefined) throw new Error('there is no client');
  return client.logFile;
}

async function measure(target: Cluster, file: string, { name, pattern, options }: (typeof PATTERNS)[number]) {
  const ours: number[] = [];
  const grep: number[] = [];
  const rg: number[] = [];
  const wanted = await count('grep', ['-cE', ...options, '-e', pattern, file]);
  for (let n = 0; n < rounds; n++) {
    ours.push(
      await timed(async () => {
        const { code, stdout, stderr } = await target.ctl(['log', '--all', '--count', '--json', ...options, '-p', pattern]);
        const { matching_lines: lines } = JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as { matching_lines: number };
        if (code !== 0 || lines !== wanted)
          throw new Error(`${name}: ctl counts ${lines} lines (code ${code ?? '?'}), grep ${wanted}: ${stderr}`);
      }),
    );
    grep.push(await timed(() => count('grep', ['-cE', ...options, '-e', pattern, file])));
    rg.push(await timed(() => count(rgPath, ['--no-config', '--no-mmap', '-a', '-c', ...options, '-e', pattern, '--', file])));
  }
  const seconds = { pattern: name, ours_s: round(Math.min(...ours)), grep_s: round(Math.min(...grep)), rg_s: round(Math.min(...rg)) };
  say(`${name.padEnd(7)} ${wanted} lines: ours ${seconds.ours_s} s, grep ${seconds.grep_s} s, rg ${seconds.rg_s} s`);
  return seconds;
}

async function measureStream(target: Cluster) {
  let hits = 0;
  let bytes = 0;
  const seconds = await timed(async () => {
    const { code, stdout } = await target.ctl(['log', '--all', '--json', '-p', 'AttributeError']);
    if (code !== 0) throw new Error(`the streamed search ended with ${code ?? '?'}`);
    bytes = stdout.length;
    hits = (JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as { hits: number }).hits;
  });
  say(`streamed: ${hits} entries, ${Math.round(bytes / 1024 / 1024)} MB of JSON in ${round(seconds)} s`);
  return { hits, seconds: round(seconds), bytes };
}

/** Exit code 1 says that there is none. */
async function count(program: string, args: readonly string[]): Promise<number> {
  const { stdout } = await run(program, args, { env: { ...process.env, LC_ALL: 'C' } }).catch((error: unknown) => {
    if (error instanceof Error && 'code' in error && error.code === 1) return { stdout: '0' };
    throw error;
  });
  return Number(stdout.trim());
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const from = performance.now();
  await work();
  return (performance.now() - from) / 1000;
}

function median(numbers: readonly number[]): number {
  const sorted = [...numbers].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? NaN;
}

function round(value: number): number {
  return Math.round(value * 1000) / 1000;
}
