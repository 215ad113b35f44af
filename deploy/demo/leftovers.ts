import { readdir, readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { AppError, isErrno } from '../../shared/errors.js';

/**
 * Ends every process whose command line names `folder`: a temporary folder that was made for one cluster, so nobody else's. Services
 * that an agent has restarted are no children of ours, and one that is just starting has no pid file yet.
 */
export async function endProcessesOf(folder: string): Promise<void> {
  const deadline = performance.now() + TERM_MS + KILL_MS;
  const killFrom = performance.now() + TERM_MS;
  const asked = new Set<number>();
  for (;;) {
    const pids = await findProcessesOf(folder);
    if (pids.length === 0) return;
    if (performance.now() > deadline) throw new AppError('failed', `processes ${pids.join(', ')} of ${folder} survive a SIGKILL`);
    const kill = performance.now() > killFrom;
    for (const pid of pids) {
      if (kill) send(pid, 'SIGKILL');
      else if (!asked.has(pid)) send(pid, 'SIGTERM');
      asked.add(pid);
    }
    await sleep(50);
  }
}

/** Pids of the running processes (zombies have no command line) that name a file in `folder`. Who started us is not among them. */
export async function findProcessesOf(folder: string): Promise<readonly number[]> {
  const entries = await readdir('/proc');
  const pids = entries.filter((entry) => /^\d+$/.test(entry)).map(Number);
  const ours = await ancestors(process.pid);
  const found = await Promise.all(pids.map(async (pid) => !ours.has(pid) && (await readProc(pid, 'cmdline')).includes(`${folder}/`)));
  return pids.filter((_, i) => found[i]);
}

const TERM_MS = 4000;
const KILL_MS = 6000;

/** `pid` itself, its parent, and so on. */
async function ancestors(pid: number): Promise<ReadonlySet<number>> {
  const chain = new Set<number>();
  for (let at = pid; at > 0 && !chain.has(at);) {
    chain.add(at);
    at = Number(/^PPid:\s*(\d+)$/m.exec(await readProc(at, 'status'))?.[1] ?? 0);
  }
  return chain;
}

/** '' if there is nothing to read. */
async function readProc(pid: number, file: 'cmdline' | 'status'): Promise<string> {
  try {
    return await readFile(`/proc/${pid}/${file}`, 'utf8');
  } catch (error) {
    // It ended since the folder was read, or is somebody else's.
    if (isErrno(error, 'ENOENT', 'ESRCH', 'EACCES')) return '';
    throw error;
  }
}

function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if (!isErrno(error, 'ESRCH')) throw error;
  }
}
