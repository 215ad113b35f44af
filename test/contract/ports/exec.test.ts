import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { exec, type Argv } from '../../../shared/ports/exec.js';
import { markProcesses, type MarkedProcesses } from '../../support/marked-processes.js';

const node = (script: string): Argv => [process.execPath, '-e', script];
const program = (name: string, ...args: string[]): Argv => [
  process.execPath,
  join(import.meta.dirname, '../../fixtures/programs', name),
  ...args,
];

describe('exec', () => {
  let marked: MarkedProcesses;
  let folder = '';
  beforeEach(async () => {
    marked = markProcesses();
    folder = await mkdtemp(join(tmpdir(), 'exec-'));
  });
  afterEach(async () => {
    await marked.end();
    await rm(folder, { recursive: true, force: true });
  });
  const options = () => ({ timeoutMs: 20_000, signal: new AbortController().signal, env: marked.env });

  it('answers exit code and both outputs', async () => {
    const script = 'process.stdout.write("out"); process.stderr.write("err"); process.exitCode = 3';
    expect(await exec(node(script), options())).toEqual({ code: 3, signal: null, stdout: 'out', stderr: 'err', truncated: false });
  });

  it('answers the signal that ended a program', async () => {
    expect(await exec(node('process.kill(process.pid, "SIGTERM"); setInterval(() => {}, 1000)'), options())).toMatchObject({
      code: null,
      signal: 'SIGTERM',
    });
  });

  it('hands arguments over as they are', async () => {
    const words = ['a b', '$HOME', '"', "'", '*', '; echo x'];
    const { stdout } = await exec([process.execPath, '-p', 'JSON.stringify(process.argv.slice(1))', ...words], options());
    expect(JSON.parse(stdout)).toEqual(words);
  });

  it('runs with the given environment and nothing else', async () => {
    const { stdout } = await exec(['/usr/bin/env'], { ...options(), env: { ONLY: 'this' } });
    expect(stdout).toBe('ONLY=this\n');
  });

  it('keeps the beginning of an endless output, and says so', async () => {
    const script = 'process.stdout.write("x".repeat(1_000_000))';
    const result = await exec(node(script), { ...options(), keepBytes: 1000 });
    expect(result).toMatchObject({ code: 0, truncated: true, stdout: 'x'.repeat(1000) });
    expect((await exec(node(script), options())).stdout).toHaveLength(64 * 1024);
  });

  it('gives a program no stdin to wait for', async () => {
    expect(await exec(['cat'], options())).toMatchObject({ code: 0, stdout: '' });
  });

  it('is over when the program is, although a grandchild holds its pipes', async () => {
    expect(await exec(program('holds-the-pipe.mjs', join(folder, 'pid')), options())).toMatchObject({ code: 0, stdout: 'hello\n' });
    expect(await marked.pids()).toEqual([Number(await readFile(join(folder, 'pid'), 'utf8'))]);
  });

  it('kills the program and its children when the time is over', async () => {
    const script =
      'require("node:child_process").spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"], { stdio: "inherit" }); setInterval(() => {}, 1000)';
    const run = exec(node(script), { ...options(), timeoutMs: 1_000 });
    await expect(run).rejects.toMatchObject({ code: 'timeout', message: `${process.execPath} took longer than 1000 ms` });
    await expect.poll(() => marked.pids(), { timeout: 5_000 }).toEqual([]);
  });

  it('kills the program when the caller goes away', async () => {
    const abort = new AbortController();
    const run = exec(program('waits-for-ever.mjs'), { ...options(), signal: abort.signal });
    const outcome = expect(run).rejects.toMatchObject({ code: 'cancelled' });
    await expect.poll(() => marked.pids(), { timeout: 5_000 }).toHaveLength(1);
    abort.abort();
    await outcome;
    await expect.poll(() => marked.pids(), { timeout: 5_000 }).toEqual([]);
  });

  it('starts nothing for a caller that has gone', async () => {
    await expect(exec(program('waits-for-ever.mjs'), { ...options(), signal: AbortSignal.abort() })).rejects.toMatchObject({
      code: 'cancelled',
    });
    expect(await marked.pids()).toEqual([]);
  });

  it('names a program that is not there', async () => {
    await expect(exec(['no-such-program'], options())).rejects.toMatchObject({
      code: 'failed',
      message: 'no-such-program: no such program',
      hint: 'is no-such-program installed, and its path right?',
    });
  });

  it('names a file that is no program', async () => {
    await expect(exec([folder], options())).rejects.toMatchObject({
      code: 'failed',
      message: expect.stringContaining(`${folder} cannot be run`) as string,
    });
  });
});
