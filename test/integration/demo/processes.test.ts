import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { endProcessesOf, findProcessesOf } from '../../../deploy/demo/leftovers.js';
import { createProcesses, type Processes } from '../../../deploy/demo/processes.js';
import { until } from '../../../deploy/demo/until.js';
import type { Argv } from '../../../shared/ports/exec.js';

let folder: string;
let processes: Processes;
const wait = { timeoutMs: 10_000, signal: new AbortController().signal };

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ctl-processes-'));
  processes = createProcesses(join(folder, 'output'));
});
afterEach(async () => {
  await processes.endAll();
  await rm(folder, { recursive: true, force: true });
});

const node = (script: string, ...args: string[]): Argv => [process.execPath, '-e', script, ...args];
const FOREVER = 'setInterval(() => {}, 1000); console.log("up")';
const STUBBORN = `process.on('SIGTERM', () => console.log('no')); ${FOREVER}`;
const isRunning = (pid: number) => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

describe('programs', () => {
  it('run until they are ended, and keep what they wrote', async () => {
    const program = await processes.start('one', node(FOREVER));
    await until('its output', async () => (await program.output()) === 'up\n', wait);
    expect(program.running()).toBe(true);
    expect(await program.end()).toEqual({ code: null, signal: 'SIGTERM' });
    expect(program.running()).toBe(false);
  });

  it('are killed with what they started if they do not end when asked', async () => {
    const script = `const { spawn } = require('child_process'); const c = spawn(process.execPath, ['-e', ${JSON.stringify(STUBBORN)}]);
      c.stdout.once('data', () => console.log(c.pid)); process.on('SIGTERM', () => {});`;
    const program = await processes.start('parent', node(script));
    const child = Number(await until('a child', async () => (await program.output()).trim() || null, wait));
    expect(await program.end(100)).toEqual({ code: null, signal: 'SIGKILL' });
    await until('the end of the child', async () => !isRunning(child) || (await stateOf(child)) === 'Z', wait);
  });

  it('are all ended by one call, and twice is once', async () => {
    const programs = [await processes.start('a', node(FOREVER)), await processes.start('b', node(FOREVER))];
    await processes.endAll();
    await processes.endAll();
    expect(programs.map((program) => program.running())).toEqual([false, false]);
  });

  it('cannot be started from nothing', async () => {
    await expect(processes.start('none', ['/no/such/program'])).rejects.toThrow(/^\/no\/such\/program could not be started: .*ENOENT/);
  });
});

describe('commands', () => {
  it('hand back their exit code and what they wrote', async () => {
    const finished = await processes.run(node('console.log("out"); console.error("err"); process.exitCode = 3'), { timeoutMs: 10_000 });
    expect(finished).toEqual({ code: 3, signal: null, stdout: 'out\n', stderr: 'err\n' });
  });

  it('are killed when they take too long', async () => {
    await expect(processes.run(node(FOREVER), { timeoutMs: 300 })).rejects.toMatchObject({ code: 'timeout' });
  });
});

describe('leftovers of a folder', () => {
  it('are found by the files that they name and ended, stubborn ones too; others are left alone', async () => {
    await writeFile(join(folder, 'stubborn.cjs'), STUBBORN);
    const mine = await processes.start('mine', [process.execPath, join(folder, 'stubborn.cjs')]);
    const other = await processes.start('other', node(FOREVER, `${folder}-other/file`));
    await until('both', async () => (await mine.output()) !== '' && (await other.output()) !== '', wait);
    expect(await findProcessesOf(folder)).toEqual([mine.pid]);
    await endProcessesOf(folder);
    expect(await mine.exited).toEqual({ code: null, signal: 'SIGKILL' });
    expect(other.running()).toBe(true);
  });
});

/** `Z`: it has ended and waits for its parent. */
async function stateOf(pid: number): Promise<string> {
  return /^State:\s*(\S)/m.exec(await readFile(`/proc/${pid}/status`, 'utf8'))?.[1] ?? '';
}
