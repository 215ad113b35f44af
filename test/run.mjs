// `npm test [-- ARGS OF VITEST]`: all suites, the real programs included; works on a fresh clone. Its last line: `N passed, N failed`.
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { exitCodeOf, say, setUp } from '../deploy/demo/set-up.mjs';

await setUp();
const folder = await mkdtemp(join(tmpdir(), 'ctl-test-'));
try {
  say('checking that the generated code is what the protos say');
  const generated = await exitCodeOf(process.execPath, ['proto/generate.mjs', '--check'], { stdio: ['ignore', 2, 2] });
  say('running the tests: unit, contract, integration, real (Zope, ZEO and Pound are fetched into the cache the first time)');
  const report = join(folder, 'report.json');
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
  const vitest = ['node_modules/vitest/vitest.mjs', 'run', ...reporters, ...process.argv.slice(2)];
  // Each property as often as is worth the time, once.
  const tests = await exitCodeOf(process.execPath, vitest, { env: { ...process.env, CTL_RUNS: process.env.CTL_RUNS ?? '1' } });
  const { passed, failed, skipped } = count(await readReport(report), tests !== 0, generated !== 0);
  process.exitCode = failed === 0 ? 0 : 1;
  console.log(`\n${passed} passed, ${failed} failed${skipped === 0 ? '' : `, ${skipped} skipped`}`);
} finally {
  await rm(folder, { recursive: true, force: true });
}

/** A file that cannot even be loaded is one failure; so is drifted generated code, and a run that ended badly without a failed test. */
function count(report, endedBadly, drifted) {
  const unloadable = report.testResults.filter(
    (file) => file.status === 'failed' && !file.assertionResults.some((test) => test.status === 'failed'),
  );
  const failed = report.numFailedTests + unloadable.length;
  return {
    passed: report.numPassedTests,
    failed: Math.max(failed, endedBadly ? 1 : 0) + (drifted ? 1 : 0),
    skipped: report.numPendingTests,
  };
}

async function readReport(path) {
  try {
    return JSON.parse(await readFile(path, 'utf8'));
  } catch (error) {
    say(`the tests left no report: ${error.message}`);
    return { numPassedTests: 0, numFailedTests: 1, numPendingTests: 0, testResults: [] };
  }
}
