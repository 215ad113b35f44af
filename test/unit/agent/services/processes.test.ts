import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { createProcesses, parseControlGroup, parseStat } from '../../../../agent/services/processes.js';
import { processId } from '../../../../shared/model/process.js';

const stat = (command: string, state: string) =>
  `4242 (${command}) ${state} 1 4242 4240 0 -1 4194560 100 0 0 0 1 2 0 0 20 0 4 0 987654 1000 200 18446744073709551615\n`;

describe('parseStat', () => {
  it('reads the identity of a process', () => {
    expect(parseStat(stat('python3', 'S'))).toEqual({
      pid: 4242,
      id: '4242@987654',
      parent: 1,
      group: 4242,
      session: 4240,
      terminal: 0,
      startTicks: 987654,
      cpuTicks: 3,
    });
  });

  it.each(['a b', ') S 9 9 9 (', '(', ''])('is not misled by a command named "%s"', (command) => {
    expect(parseStat(stat(command, 'R'))?.id).toBe('4242@987654');
  });

  it('takes a zombie for gone', () => expect(parseStat(stat('python3', 'Z'))).toBeNull());

  it('refuses what is no such line', () => expect(() => parseStat('4242 (x) S 1')).toThrow('not a line of /proc/PID/stat: 4242 (x) S 1'));
});

describe('parseControlGroup', () => {
  it.each([
    ['0::/system.slice/zope.service\n', '/system.slice/zope.service'],
    ['9:name=systemd:/system.slice/zope.service\n8:pids:/\n0::/\n', '/system.slice/zope.service'],
    ['4:memory:/x\n', null],
    ['', null],
  ])('reads %j as %s', (text, group) => expect(parseControlGroup(text)).toBe(group));
});

describe('processes', () => {
  let root = '';
  afterEach(() => rm(root, { recursive: true, force: true }));

  it('tells when a process was started, how long ago, and what CPU time it used, by boot time and clock ticks', async () => {
    root = await mkdtemp(join(tmpdir(), 'proc-'));
    await mkdir(join(root, '4242'));
    await mkdir(join(root, 'self'));
    await writeFile(join(root, '4242/stat'), stat('python3', 'S'));
    await writeFile(join(root, 'stat'), 'cpu 1 2\nbtime 1700000000\n');
    await writeFile(join(root, 'uptime'), '10000.54 5.00\n');
    const auxv = Buffer.alloc(32);
    auxv.writeBigUInt64LE(17n, 0);
    auxv.writeBigUInt64LE(200n, 8);
    await writeFile(join(root, 'self/auxv'), auxv);
    const processes = createProcesses(root);
    const [found] = await processes.all();
    if (found === undefined) throw new Error('no process');
    expect(await processes.startedAt(found)).toBe(1_700_000_000_000 + (987654 / 200) * 1000);
    expect(await processes.uptimeS(found)).toBeCloseTo(10_000.54 - 987654 / 200);
    expect(await processes.cpuMs(found)).toBe((3 / 200) * 1000);
    expect(await processes.inspect(4243)).toBe('gone');
  });

  it('knows whose a process is, and sends no signal to one that is another by now', async () => {
    const processes = createProcesses();
    const self = await processes.inspect(process.pid);
    if (typeof self === 'string') throw new Error(self);
    const earlier = { ...self, id: processId(self.pid, 1) };
    expect([await processes.uidOf(self), await processes.uidOf(earlier)]).toEqual([process.geteuid?.(), null]);
    await processes.signal(earlier, 'SIGKILL');
  });

  it('knows itself on the real host', async () => {
    const processes = createProcesses();
    const self = await processes.inspect(process.pid);
    if (typeof self === 'string') throw new Error(self);
    expect(self).toMatchObject({ pid: process.pid, parent: process.ppid });
    expect(Math.abs((await processes.startedAt(self)) - performance.timeOrigin)).toBeLessThan(5_000);
    expect(await processes.bootId()).toMatch(/^[0-9a-f-]{36}$/);
  });
});
