import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createProcesses } from '../../../agent/services/index.js';
import { exec, type Argv } from '../../../shared/ports/exec.js';
import { boundOutput, lastOutput, spawnDetached } from '../../../shared/ports/spawn-detached.js';
import { markProcesses, type MarkedProcesses } from '../../support/marked-processes.js';

const node = (script: string): Argv => [process.execPath, '-e', script];

describe('spawnDetached', () => {
  let marked: MarkedProcesses;
  let folder = '';
  let outputFile = '';
  beforeEach(async () => {
    marked = markProcesses();
    folder = await mkdtemp(join(tmpdir(), 'spawn-'));
    outputFile = join(folder, 'out');
  });
  afterEach(async () => {
    await marked.end();
    await rm(folder, { recursive: true, force: true });
  });
  const options = () => ({ cwd: '/', env: marked.env, outputFile });

  it('starts a program as the leader of a session of its own', async () => {
    const { pid } = await spawnDetached(node('setInterval(() => {}, 1000)'), options());
    expect(await createProcesses().inspect(pid)).toMatchObject({ pid, session: pid, group: pid });
  });

  it('tells how the program ended, and keeps what it said', async () => {
    const { ended } = await spawnDetached(node('console.log("out"); console.error("err"); process.exitCode = 3'), options());
    expect(await ended).toEqual({ code: 3, signal: null });
    expect(await lastOutput(outputFile)).toBe('out\nerr\n');
  });

  it('starts a program that outlives its starter, and lets the starter end', async () => {
    const script = join(folder, 'starter.mts');
    const source = new URL('../../../shared/ports/spawn-detached.ts', import.meta.url).pathname;
    await writeFile(
      script,
      `import { spawnDetached } from ${JSON.stringify(source)};
       const { pid } = await spawnDetached(${JSON.stringify(node('setInterval(() => {}, 1000)'))}, { cwd: '/', env: process.env as Record<string, string>, outputFile: ${JSON.stringify(outputFile)} });
       console.log(pid);`,
    );
    const tsx = new URL('../../../node_modules/tsx/dist/cli.mjs', import.meta.url).pathname;
    const { stdout, code } = await exec([process.execPath, tsx, script], {
      timeoutMs: 30_000,
      signal: new AbortController().signal,
      env: marked.env,
    });
    expect(code).toBe(0);
    expect(await marked.pids()).toEqual([Number(stdout)]);
  });

  it('keeps the output of the program before', async () => {
    for (const word of ['one', 'two', 'three']) await (await spawnDetached(node(`console.log("${word}")`), options())).ended;
    expect([await lastOutput(outputFile), await lastOutput(`${outputFile}.1`)]).toEqual(['three\n', 'two\n']);
  });

  it('names a program that is not there', async () => {
    await expect(spawnDetached(['no-such-program'], options())).rejects.toMatchObject({
      code: 'failed',
      message: 'no-such-program: no such program',
    });
  });

  it('names a folder that is not there', async () => {
    const cwd = join(folder, 'none');
    await expect(spawnDetached(node('0'), { ...options(), cwd })).rejects.toMatchObject({
      code: 'failed',
      message: `${process.execPath} cannot be run in ${cwd}`,
    });
  });
});

describe('bounded output', () => {
  let folder = '';
  beforeEach(async () => void (folder = await mkdtemp(join(tmpdir(), 'output-'))));
  afterEach(() => rm(folder, { recursive: true, force: true }));

  it('moves the newest part of a long output aside', async () => {
    const file = join(folder, 'out');
    await writeFile(file, `${'x'.repeat(1_000_000)}end`);
    await boundOutput(file, 1_000_000);
    expect((await stat(file)).size).toBe(0);
    const kept = await readFile(`${file}.1`, 'utf8');
    expect([kept.length, kept.slice(-4)]).toEqual([256 * 1024, 'xend']);
  });

  it('leaves a short one alone', async () => {
    const file = join(folder, 'out');
    await writeFile(file, 'short');
    await boundOutput(file, 5);
    expect(await lastOutput(file)).toBe('short');
  });

  it('takes an output that is not there for an empty one', async () => {
    await boundOutput(join(folder, 'none'), 5);
    expect(await lastOutput(join(folder, 'none'))).toBe('');
  });
});
