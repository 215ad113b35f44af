import pidusage from 'pidusage';
import { readFileSync } from 'node:fs';
import { isErrno, messageOf } from '../../shared/errors.js';
import { measured, unmeasured, type Measured } from '../../shared/model/observation.js';
import { pidOf, type Memory, type ProcessId } from '../../shared/model/process.js';
import type { Processes } from '../services/index.js';

export { createMemories, type MemoriesOf } from './memories.js';

/** Resident memory of exactly this process; unmeasured if it is gone, is another by now, or may not be looked at. */
export type MemoryOf = (process: ProcessId) => Promise<Measured<Memory>>;

export function createMemory(processes: Processes, platform: NodeJS.Platform): MemoryOf {
  const usageOf = platform === 'linux' ? usageFromProc : usageFromPidusage;
  return async (process) => {
    const pid = pidOf(process);
    try {
      const before = await processes.inspect(pid);
      if (before === 'hidden') return unmeasured(`process ${pid} is hidden from this agent`);
      if (before === 'gone' || before.id !== process) return unmeasured(`process ${process} is gone`);
      const { rssKb, cpuMs } = await usageOf(pid);
      const uptimeS = await processes.uptimeS(before);
      const after = await processes.inspect(pid);
      if (typeof after === 'string' || after.id !== process) return unmeasured(`process ${process} ended while it was measured`);
      if (rssKb === null) return unmeasured(`process ${process} has no memory of its own any more`);
      return measured({ process, rssKb, uptimeS, cpuMs: cpuMs ?? (await processes.cpuMs(after)) });
    } catch (error) {
      return unmeasured(`memory of process ${process} cannot be read: ${messageOf(error)}`);
    }
  };
}

interface Usage {
  /** null: it is ending, and has none of its own any more. */
  readonly rssKb: number | null;
  /** null: it stands where the process was found. */
  readonly cpuMs: number | null;
}

async function usageFromProc(pid: number): Promise<Usage> {
  try {
    return { rssKb: parseRssKb(readFileSync(`/proc/${pid}/status`, 'utf8')), cpuMs: null };
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ESRCH')) return { rssKb: null, cpuMs: null };
    throw error;
  }
}

/** VmRSS of /proc/PID/status, in kB; null for a process that is ending (or a thread of the kernel), which has none. */
export function parseRssKb(status: string): number | null {
  const value = /^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1];
  return value === undefined ? null : Number(value);
}

/** Where there is no /proc. pidusage keeps what it knows of a pid, and is wrong once the pid is reused: it has to forget. */
async function usageFromPidusage(pid: number): Promise<Usage> {
  const { memory, ctime } = await pidusage(pid);
  pidusage.clear();
  return { rssKb: memory === 0 ? null : Math.round(memory / 1024), cpuMs: Math.round(ctime) };
}
