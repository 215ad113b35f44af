import { mkdtemp, open, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { findStart, scanForStart } from '../../agent/logs/find-start.js';
import { createLogSearch } from '../../agent/logs/index.js';
import { openLog } from '../../agent/logs/log-file.js';
import { markerOf } from '../../agent/logs/matchers.js';
import { loadRipgrep } from '../../agent/logs/ripgrep.js';
import type { LogQuery } from '../../shared/model/log-search.js';
import { systemClock } from '../../shared/ports/clock.js';
import { appendZopeLog } from '../support/zope-log.js';

/**
 * Where the last start is in a log of 2 GB, 1 MB before its end: found as the agent does it, against a forward scan for the last marker by
 * ripgrep, warm, in the same run. Beside it: the whole default search from there on.
 */
const { values } = parseArgs({
  options: { json: { type: 'boolean' }, megabytes: { type: 'string', default: '2048' }, rounds: { type: 'string', default: '7' } },
});
const READY =
  '^\\d{4}-\\d\\d-\\d\\d[T ]\\d\\d:\\d\\d:\\d\\d(?:,\\d{3})? INFO\\s+(?:Zope |\\[Zope:\\d+\\]\\[[^\\]]+\\] )Ready to handle requests\\s*$';
const MARKER = '2024-10-11 16:12:50,760 INFO    [Zope:42][MainThread] Ready to handle requests\n';
const MEGABYTE = 1024 * 1024;
const MAX_MS = 100;
const MAX_RATIO = 0.05;
const QUERY: LogQuery = {
  ...{ what: { kind: 'critical' }, output: 'entries', range: { kind: 'since-start' } },
  ...{ level: null, context: 0, max: null, tail: null, follow: false },
};
const { signal } = new AbortController();
const rounds = Number(values.rounds);

const folder = await mkdtemp(join(tmpdir(), 'ctl-bench-'));
try {
  const path = join(folder, 'event.log');
  const start = await writeLog(path);
  const spec = { file: path, readyPattern: READY, criticalPattern: 'MemoryError|ConflictError', ignorePattern: '' };
  const marker = markerOf(spec);
  if (marker === null || marker.literal === '') throw new Error('the marker is no pattern with a plain text in it');
  const ripgrep = await loadRipgrep();
  const log = await openLog(path);
  const found = async () => {
    const offset = await findStart(log, marker, () => Promise.resolve(ripgrep), signal);
    if (offset !== start) throw new Error(`the start was found at ${String(offset)}, it is at ${start}`);
  };
  const scanned = async () => {
    const file = await openLog(path);
    const offset = await scanForStart(file, marker, ripgrep, signal);
    await file.handle.close();
    if (offset !== start) throw new Error(`the scan found the start at ${String(offset)}, it is at ${start}`);
  };
  const target = { service: 'zope', path, spec, archiveDir: '', allowed: (one: string) => Promise.resolve(one) };
  const search = createLogSearch({ clock: systemClock });
  const searched = async () => {
    for await (const part of search(target, QUERY, signal))
      if (part.type === 'summary' && part.summary.since === null) throw new Error('no start');
  };
  await scanned();
  const [ours, scan, whole] = [await medianMs(found), await medianMs(scanned), await medianMs(searched)];
  await log.handle.close();
  const result = { name: 'since-start', ours_ms: round(ours), scan_ms: round(scan), ratio: round(ours / scan), search_ms: round(whole) };
  process.stdout.write(values.json === true ? `${JSON.stringify(result)}\n` : `${JSON.stringify(result, null, 2)}\n`);
  process.exitCode = result.ours_ms < MAX_MS && result.ratio < MAX_RATIO ? 0 : 1;
} finally {
  await rm(folder, { recursive: true, force: true });
}

/** Answers where the last start is. An earlier one is at the beginning. */
async function writeLog(path: string): Promise<number> {
  const part = join(folder, 'part');
  await appendZopeLog(part, { bytes: 64 * MEGABYTE, seed: 11 });
  const block = await readFile(part);
  const file = await open(path, 'w');
  try {
    await file.write(MARKER);
    for (let size = 0; size < (Number(values.megabytes) - 1) * MEGABYTE; size += block.length) await file.write(block);
    const { size } = await file.stat();
    await file.write(MARKER);
    await file.write(block.subarray(0, block.lastIndexOf('\n', MEGABYTE) + 1));
    return size;
  } finally {
    await file.close();
    process.stderr.write(`a log of ${Math.round((await stat(path)).size / MEGABYTE)} MB\n`);
  }
}

async function medianMs(work: () => Promise<void>): Promise<number> {
  const times: number[] = [];
  for (let n = 0; n < rounds; n++) {
    const from = performance.now();
    await work();
    times.push(performance.now() - from);
  }
  times.sort((a, b) => a - b);
  return times[Math.floor(times.length / 2)] ?? NaN;
}

function round(value: number): number {
  return Math.round(value * 10_000) / 10_000;
}
