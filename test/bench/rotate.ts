import { mkdir, mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import type { RotatedLog, RotateMethod } from '../../shared/model/rotation.js';
import type { ServiceType } from '../../shared/model/service.js';
import { exec } from '../../shared/ports/exec.js';
import { canCollapse } from '../support/can-collapse.js';
import { findLogrotate } from '../support/logrotate.js';
import { account, startWriter, type Account, type NumberedWriter, type WriterWay } from '../support/numbered-lines.js';
import { rotationOf, serviceOf, specOf } from '../support/rotations.js';

/**
 * Twenty rotations under a writer that appends at least 100,000 numbered lines a second (O_APPEND, a write a line), by every method that
 * works here; then every archive and the log are read and each number is counted. `peer_lost`: the same under Debian's logrotate with
 * `copytruncate`, which is what stands in most runbooks; null if it cannot be had. The line of the file counts for the method of `auto`.
 */
const { values } = parseArgs({
  options: {
    json: { type: 'boolean' },
    rotations: { type: 'string', default: '20' },
    rate: { type: 'string', default: '150000' },
    folder: { type: 'string', default: tmpdir() },
  },
});
const say = (text: string): void => void process.stderr.write(`${text}\n`);
const abort = new AbortController();
process.once('SIGINT', () => abort.abort(new Error('interrupted')));

const rotations = Number(values.rotations);
const rate = Number(values.rate);
/** What a log has grown by between two rotations. */
const GROWTH_BYTES = 1_500_000;

interface Way {
  readonly method: RotateMethod;
  readonly way: WriterWay;
  readonly type: ServiceType;
  readonly lossless: boolean;
}

const ALL: readonly Way[] = [
  { method: 'collapse', way: 'stays', type: 'ZeoClient', lossless: true },
  { method: 'signal', way: 'reopens', type: 'ZeoServer', lossless: true },
  { method: 'rename', way: 'watches', type: 'ZeoClient', lossless: true },
  { method: 'pause', way: 'stays', type: 'ZeoClient', lossless: true },
  { method: 'copy', way: 'stays', type: 'ZeoClient', lossless: false },
];

const collapses = await canCollapse(values.folder);
const ways = ALL.filter(({ method }) => method !== 'collapse' || collapses);
const methods = [];
for (const way of ways) {
  const measured = await inFolder((folder) => rotateBy(way, folder));
  say(`${way.method.padEnd(9)} ${JSON.stringify(measured)}`);
  methods.push({ method: way.method, ...measured });
}
const peer = await findLogrotate({ signal: abort.signal });
const theirs = peer.ok ? await inFolder((folder) => rotateByLogrotate(peer.exe, folder)) : null;
say(peer.ok ? `logrotate ${peer.version} copytruncate: ${JSON.stringify(theirs)}` : `no peer: ${peer.why}`);
const [best] = methods;
if (best === undefined) throw new Error('no method works here');
const { method, lines, lost, doubled, cut } = best;
const result = {
  ...{ name: 'rotate', lines, lost, doubled, cut, method, rotations, lines_per_s: best.lines_per_s, methods },
  ...{
    peer: peer.ok ? `logrotate ${peer.version} copytruncate` : null,
    peer_lost: theirs?.lost ?? null,
    peer_lines: theirs?.written ?? null,
  },
};
process.stdout.write(values.json === true ? `${JSON.stringify(result)}\n` : `${JSON.stringify(result, null, 2)}\n`);
const isWell = methods.every((one, index) => one.doubled === 0 && (ways[index]?.lossless === false || (one.lost === 0 && one.cut === 0)));
process.exitCode = isWell ? 0 : 1;

async function inFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(values.folder, 'ctl-bench-rotate-'));
  try {
    await mkdir(join(folder, 'log'));
    await mkdir(join(folder, 'archive'));
    return await work(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function rotateBy({ method: how, way, type }: Way, folder: string) {
  const log = join(folder, 'log', 'event.log');
  const done: RotatedLog[] = [];
  const counted = await underWriter(log, join(folder, 'archive'), way, async (writer) => {
    const rotation = rotationOf({ stateDir: join(folder, 'state'), pid: writer.pid });
    const spec = specOf([log], join(folder, 'archive'), { method: how });
    return async () => {
      const { logs } = await rotation.rotate(serviceOf(type), spec, abort.signal);
      const [one] = logs;
      if (one?.outcome !== 'rotated') throw new Error(`${how}: ${one?.why ?? 'nothing was rotated'}`);
      done.push(one);
    };
  });
  const longest = (of: (one: RotatedLog) => number | null) => {
    const known = done.map(of).filter((ms) => ms !== null);
    return known.length === 0 ? null : round(Math.max(...known));
  };
  const { written, lost: gone, doubled: twice, cut: torn, perSecond } = counted;
  return {
    ...{ lines: written, lost: gone, doubled: twice, cut: torn, lines_per_s: perSecond },
    ...{
      longest_ms: longest((one) => one.ms),
      longest_window_ms: longest((one) => one.windowMs),
      longest_pause_ms: longest((one) => one.pausedMs),
    },
  };
}

async function rotateByLogrotate(exe: string, folder: string): Promise<Account> {
  const log = join(folder, 'log', 'event.log');
  const conf = join(folder, 'logrotate.conf');
  await writeFile(conf, `"${log}" {\n  copytruncate\n  rotate 1000\n  olddir ${join(folder, 'archive')}\n}\n`, { mode: 0o600 });
  return underWriter(log, join(folder, 'archive'), 'stays', async () => async () => {
    const argv = [exe, '-f', '-s', join(folder, 'state'), conf] as const;
    const { code, stderr } = await exec(argv, { timeoutMs: 60_000, signal: abort.signal });
    if (code !== 0) throw new Error(`logrotate ended with ${code ?? 'a signal'}: ${stderr}`);
  });
}

/** Counts what is left of everything that a writer wrote while `rotate` was called again and again. */
async function underWriter(
  log: string,
  archiveDir: string,
  way: WriterWay,
  open: (writer: NumberedWriter) => Promise<() => Promise<void>>,
): Promise<Account & { readonly perSecond: number }> {
  await using writer = await startWriter(log, { rate, way });
  const begun = performance.now();
  const rotate = await open(writer);
  for (let n = 0; n < rotations; n++) {
    while (((await stat(log).catch(() => null))?.size ?? 0) < GROWTH_BYTES) await delay(5, undefined, { signal: abort.signal });
    await rotate();
  }
  const written = await writer.end();
  const perSecond = Math.round(written / ((performance.now() - begun) / 1000));
  return { ...(await account(log, archiveDir, written)), perSecond };
}

function round(ms: number): number {
  return Math.round(ms * 1000) / 1000;
}
