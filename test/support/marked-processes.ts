import { randomUUID } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';

/** Ends what a test started, also what outlives its parent: every process that inherited the mark in its environment, by its pid. */
export interface MarkedProcesses {
  /** The environment to start them with. */
  readonly env: Readonly<Record<string, string>>;
  pids(): Promise<number[]>;
  end(): Promise<void>;
}

export function markProcesses(): MarkedProcesses {
  const mark = `CTL_TEST_MARK=${randomUUID()}`;
  const [name = '', value = ''] = mark.split('=');
  const pids = async () => {
    const all = (await readdir('/proc')).filter((entry) => /^\d+$/.test(entry));
    const carries = await Promise.all(
      all.map(async (pid) => (await readFile(`/proc/${pid}/environ`, 'latin1').catch(() => '')).includes(mark)),
    );
    return all.filter((_, index) => carries[index]).map(Number);
  };
  return {
    env: { PATH: process.env.PATH ?? '', [name]: value },
    pids,
    async end() {
      for (let left = await pids(); left.length > 0; left = await pids()) {
        for (const pid of left) {
          try {
            process.kill(pid, 'SIGKILL');
          } catch {
            // Gone between the look and the signal.
          }
        }
      }
    },
  };
}
