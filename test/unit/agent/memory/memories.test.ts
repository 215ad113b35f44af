import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { below, parsePssKb } from '../../../../agent/memory/memories.js';
import { createMemories, createMemory } from '../../../../agent/memory/index.js';
import { createProcesses, type ProcessFacts } from '../../../../agent/services/index.js';
import { pidOf, processId, type ProcessState } from '../../../../shared/model/process.js';
import { unmeasured } from '../../../../shared/model/observation.js';

const processes = createProcesses();
const of = (platform: NodeJS.Platform = 'linux') => createMemories({ processes, memoryOf: createMemory(processes, 'linux'), platform });
const BOTH = { tree: true, pss: true };
const running = async (pid: number): Promise<ProcessState> => {
  const found = await processes.inspect(pid);
  return typeof found === 'string' ? expect.fail(found) : { state: 'running', process: found.id, startedAt: 0 };
};

describe('the memory of a service', () => {
  it('has its share of what it has in common with others, and the processes below it', async () => {
    const child = spawn(process.execPath, ['-e', 'process.stdin.resume(); console.log(1)'], { stdio: ['pipe', 'pipe', 'inherit'] });
    try {
      await once(child.stdout, 'data');
      const memory = await of()('c1', await running(process.pid), BOTH);
      if (!memory.ok || memory.pss?.ok !== true || memory.tree?.ok !== true) return expect.fail(JSON.stringify(memory));
      expect(memory.pss.kb).toBeGreaterThan(0);
      expect(memory.pss.kb).toBeLessThanOrEqual(memory.rssKb * 1.2);
      const found = memory.tree.children.find((one) => pidOf(one.process) === child.pid);
      expect(found).toMatchObject({ parent: process.pid, command: 'node', rss: { ok: true }, pss: { ok: true } });
    } finally {
      child.kill('SIGKILL');
    }
  });

  it('is only what was asked for', async () => {
    const memory = await of()('c1', await running(process.pid), { tree: false, pss: false });
    expect(memory).toMatchObject({ service: 'c1', ok: true, pss: null, tree: null });
  });

  it('is down where there is no process, and unknown where that is not known', async () => {
    expect(await of()('c1', { state: 'down', why: 'exit code 1', failed: false }, BOTH)).toEqual({
      ...{ service: 'c1', ok: false, why: 'exit code 1', down: true },
    });
    const gone = processId(2 ** 22 - 1, 1);
    expect(await of()('c1', { state: 'running', process: gone, startedAt: 0 }, BOTH)).toMatchObject({ ok: false, down: false });
    expect(await of()('c1', { state: 'unknown', why: 'systemctl hangs' }, BOTH)).toMatchObject({ ok: false, down: false });
  });

  it('has a reason instead of numbers where there is no /proc', async () => {
    const why = 'this platform has no /proc to read it from';
    expect(await of('win32')('c1', await running(process.pid), BOTH)).toMatchObject({
      ok: true,
      pss: unmeasured(why),
      tree: unmeasured(why),
    });
  });
});

describe('below', () => {
  const facts = (pid: number, parent: number): ProcessFacts => ({
    ...{ pid, parent, id: processId(pid, 1), group: pid, session: pid },
    ...{ terminal: 0, startTicks: 1, cpuTicks: 0 },
  });
  it('finds children and their children, parents first', () => {
    const all = [facts(5, 3), facts(3, 2), facts(4, 2), facts(9, 1), facts(2, 1)];
    expect(below(2, all).map(({ pid }) => pid)).toEqual([3, 5, 4]);
  });
  it('ends where a list that was not read at one moment leads in a circle', () => {
    expect(below(2, [facts(3, 2), facts(2, 3)]).map(({ pid }) => pid)).toEqual([3, 2]);
  });
});

describe('parsePssKb', () => {
  it('reads Pss, and no other line of that kind', () => expect(parsePssKb('Rss:  900 kB\nPss:   812 kB\nPss_Dirty: 1 kB\n')).toBe(812));
  it('does not take a process without memory for one of 0 kB', () => expect(parsePssKb('')).toBeNull());
});
