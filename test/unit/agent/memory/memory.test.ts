import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { createMemory, parseRssKb } from '../../../../agent/memory/index.js';
import { createProcesses } from '../../../../agent/services/index.js';
import type { ProcessId } from '../../../../shared/model/process.js';

const processes = createProcesses();
const idOf = async (pid: number): Promise<ProcessId> => {
  const found = await processes.inspect(pid);
  return typeof found === 'string' ? expect.fail(found) : found.id;
};

describe('memory', () => {
  it.each(['linux', 'darwin'] as const)('measures a process as on %s', async (platform) => {
    const seen = await createMemory(processes, platform)(await idOf(process.pid));
    if (!seen.ok) throw new Error(seen.why);
    expect(seen.rssKb / (process.memoryUsage.rss() / 1024)).toBeGreaterThan(0.5);
    expect(seen.rssKb / (process.memoryUsage.rss() / 1024)).toBeLessThan(2);
    expect(seen.uptimeS).toBeGreaterThan(0);
    const { user, system } = process.cpuUsage();
    expect(seen.cpuMs).toBeGreaterThan(0);
    expect(seen.cpuMs).toBeLessThan((user + system) / 1000 + 100);
  });

  it('measures nothing when the pid belongs to another process', async () => {
    const other = `${process.pid}@1` as ProcessId;
    expect(await createMemory(processes, 'linux')(other)).toEqual({ ok: false, why: `process ${other} is gone` });
  });

  it('measures nothing when the process is gone', async () => {
    const child = spawn(process.execPath, ['-e', '0'], { stdio: 'ignore' });
    const id = await idOf(child.pid ?? 0);
    await once(child, 'exit');
    expect(await createMemory(processes, 'linux')(id)).toEqual({ ok: false, why: `process ${id} is gone` });
  });
});

describe('parseRssKb', () => {
  it('reads VmRSS', () => expect(parseRssKb('VmHWM:\t  900 kB\nVmRSS:\t  812 kB\n')).toBe(812));
  it('does not take a process without memory for one of 0 kB', () => expect(parseRssKb('State:\tZ (zombie)\n')).toBeNull());
});
