/**
 * Fuzz target of what reads cluster.ini and agent.ini: `npx tsx test/fuzz/ini.ts [--runs N] [--seed N] [--only N]`. Its last line is
 * JSON. Exit 1 for a crash, a hang (one input takes 10 s), or more than 100 MB of memory; it says then with which seed and input.
 * The inputs are read in a process of their own: a hang can be ended, and its memory is its own.
 */
import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { readAll, type FuzzReport } from './reader.js';

const { values } = parseArgs({
  options: { runs: { type: 'string' }, seed: { type: 'string' }, only: { type: 'string' }, child: { type: 'boolean' } },
});
const runs = Number(values.runs ?? 100_000);
const seed = Number(values.seed ?? 20110412);
const only = values.only === undefined ? null : Number(values.only);

const HANG_MS = 10_000;
const MAX_GROWTH_MB = 100;

if (values.child === true) await readAll({ runs, seed, only }, (progress) => process.send?.(progress));
else process.exitCode = await supervise();

/** Ends the reader where it makes no progress. */
async function supervise(): Promise<number> {
  const child = fork(fileURLToPath(import.meta.url), ['--child', ...process.argv.slice(2)], {
    execArgv: ['--expose-gc', '--import', 'tsx'],
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  const reports: FuzzReport[] = [];
  const watchdog = setInterval(() => child.kill('SIGKILL'), HANG_MS);
  child.on('message', (report: FuzzReport) => {
    reports.splice(0, 1, report);
    watchdog.refresh();
  });
  const [code, signal] = await new Promise<[number | null, string | null]>((resolve) => child.on('exit', (...how) => resolve(how)));
  clearInterval(watchdog);
  const trouble = signal === 'SIGKILL' ? 'an input hangs' : code === 0 ? null : `the reader ended with ${code ?? signal ?? '?'}`;
  return judge(reports[0] ?? null, trouble);
}

function judge(last: FuzzReport | null, trouble: string | null): number {
  const report = last ?? { done: 0, baselineMb: 0, peakMb: 0, read: 0 };
  const growthMb = report.peakMb - report.baselineMb;
  const ended = trouble === null && report.done < runs && only === null ? 'the reader ended too early' : trouble;
  const failure = ended ?? (growthMb > MAX_GROWTH_MB ? `the reader took ${growthMb} MB` : null);
  if (failure !== null)
    console.error(`fuzz: ${failure}, after ${report.done} inputs; --seed ${seed} --only N shows one of the next and reads it`);
  console.log(JSON.stringify({ name: 'ini', runs: report.done, seed, read: report.read, growth_mb: growthMb, ok: failure === null }));
  return failure === null ? 0 : 1;
}
