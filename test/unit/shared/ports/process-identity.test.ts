import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { identifyProcess } from '../../../../shared/ports/process-identity.js';

const children: ChildProcess[] = [];
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
});

const startNode = (code: string) => start(process.execPath, '-e', code);

async function start(file: string, ...argv: string[]): Promise<{ child: ChildProcess; pid: number }> {
  const child = spawn(file, argv, { stdio: ['ignore', 'pipe', 'ignore'] });
  children.push(child);
  await once(child, 'spawn');
  if (child.pid === undefined) throw new Error('no pid');
  return { child, pid: child.pid };
}
const firstLine = async (child: ChildProcess): Promise<string> => {
  if (child.stdout === null) throw new Error('no output');
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  return line.toString().trim();
};
const WAIT = 'setInterval(() => undefined, 1000)';

// Elsewhere there is no /proc; a pid alone has to do there.
describe.skipIf(process.platform !== 'linux')('the identity of a process', () => {
  it('is its pid and when it was started, and stays the same', async () => {
    const mine = await identifyProcess(process.pid);
    expect(mine).toMatch(new RegExp(`^${process.pid}@[1-9]\\d*$`));
    expect(await identifyProcess(process.pid)).toBe(mine);
    const { pid } = await startNode(WAIT);
    const child = await identifyProcess(pid);
    expect(Number(child?.split('@')[1])).toBeGreaterThanOrEqual(Number(mine?.split('@')[1]));
  });

  it('is found behind a name that holds blanks and brackets', async () => {
    const { child, pid } = await startNode(`process.title = 'a) R 1 (b'; console.log('named'); ${WAIT}`);
    await firstLine(child);
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
    expect(stat).toContain('(a) R 1 (b)');
    const started = stat.slice(stat.indexOf('(a) R 1 (b)') + '(a) R 1 (b) '.length).split(' ')[19];
    expect(await identifyProcess(pid)).toBe(`${pid}@${started}`);
  });

  it('is none for a pid that nobody has, and none for one that has ended', async () => {
    expect(await identifyProcess(2 ** 22 + 1)).toBeNull();
    const { child, pid } = await startNode('process.exit(0)');
    await once(child, 'exit');
    expect(await identifyProcess(pid)).toBeNull();
  });

  it('is none for a corpse that its parent has not buried yet', async () => {
    // A shell that has replaced itself by a program which never waits for the child of the shell.
    const { child } = await start('/bin/sh', '-c', 'sleep 0 & echo $!; exec sleep 60');
    const pid = Number(await firstLine(child));
    await vi.waitFor(async () => expect(await readFile(`/proc/${pid}/stat`, 'utf8')).toContain(' Z '), { timeout: 10_000, interval: 10 });
    expect(await identifyProcess(pid)).toBeNull();
  });
});
