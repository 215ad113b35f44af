import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

/** The whole of it, 100,000 inputs, is `npm run fuzz`. */
const RUNS = 3_000;
const TARGET = fileURLToPath(new URL('../../fuzz/ini.ts', import.meta.url));

it(`${RUNS} inputs of any kind are read without a crash, a hang or 100 MB`, () => {
  const { status, stdout, stderr } = spawnSync(process.execPath, ['--import', 'tsx', TARGET, '--runs', String(RUNS)], {
    encoding: 'utf8',
    timeout: 55_000,
  });
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  const report = JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '') as { runs: number; read: number; ok: boolean };
  expect(report).toMatchObject({ runs: RUNS, ok: true });
  // A generator that makes nothing but rubbish would prove nothing.
  expect(report.read).toBeGreaterThan(RUNS / 4);
});
