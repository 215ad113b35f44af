import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createHistory, type History } from '../../../../controller/history/history.js';
import type { Sample } from '../../../../controller/history/samples.js';
import { processId, type ProcessId } from '../../../../shared/model/process.js';

const MINUTE = 60_000;
const START = Date.UTC(2024, 8, 25);
const first = processId(42, 7);
const second = processId(99, 8);

let folder: string;
let history: History;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'growth-'));
  history = createHistory({ path: join(folder, 'history.db'), create: true });
});
afterEach(async () => {
  await history.close();
  await rm(folder, { recursive: true, force: true });
});

const sample = (minute: number, process: ProcessId | null, rssKb: number | null): Sample => ({
  ...{ service: 'c1', at: START + minute * MINUTE, state: 'ok', process, rssKb },
  ...{ tcpMs: null, url: '/', httpStatus: null, httpMs: null },
});
const grown = (process: ProcessId, startedMinute: number, nowMinute: number) =>
  history.samples.growthKbPerH({ service: 'c1', process, startedAt: START + startedMinute * MINUTE }, START + nowMinute * MINUTE);
const minutes = (from: number, to: number, step = 1) => Array.from({ length: Math.ceil((to - from) / step) }, (_, i) => from + i * step);

describe('the growth of memory', () => {
  it('is kB per hour of the running process, noise or not', async () => {
    await history.samples.add(minutes(0, 120).map((m) => sample(m, first, 500_000 + m * 60 + (m % 2 === 0 ? 300 : -300))));
    expect(await grown(first, 0, 120)).toBeGreaterThan(3500);
    expect(await grown(first, 0, 120)).toBeLessThan(3700);
  });

  it('begins anew with each process', async () => {
    await history.samples.add(minutes(0, 120).map((m) => sample(m, first, 500_000 + m * 6000)));
    await history.samples.add(minutes(120, 240).map((m) => sample(m, second, 300_000)));
    expect(await grown(second, 120, 240)).toBeCloseTo(0, 3);
  });

  it('is not known, never zero, of a process that was seen too seldom or too briefly', async () => {
    expect(await grown(first, 0, 120)).toBeNull();
    await history.samples.add([11, 60, 120].map((m) => sample(m, first, 500_000)));
    expect(await grown(first, 0, 121)).toBeNull();
    await history.samples.add(minutes(300, 310).map((m) => sample(m, second, 500_000)));
    expect(await grown(second, 0, 310)).toBeNull();
  });

  it('leaves out how a process fills its caches at its start, and what was long ago', async () => {
    await history.samples.add(minutes(0, 10).map((m) => sample(m, first, m * 50_000)));
    await history.samples.add(minutes(10, 600, 5).map((m) => sample(m, first, m < 200 ? 500_000 + m * 1000 : 700_000)));
    expect(await grown(first, 0, 120)).toBeCloseTo(60_000, 0);
    expect(await grown(first, 0, 600)).toBeCloseTo(0, 0);
  });

  it('takes a moment at which nothing was measured for none', async () => {
    await history.samples.add(minutes(10, 60).map((m) => (m % 2 === 0 ? sample(m, first, 500_000) : sample(m, null, null))));
    expect(await grown(first, 0, 60)).toBeCloseTo(0, 3);
  });
});
