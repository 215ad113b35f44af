import { readFile } from 'node:fs/promises';
import { childrenOf } from './children.js';

/** Watches how much memory a process and its children hold. */
export interface MemoryWatch {
  /** Ends the watching; kB. */
  end(): Promise<number>;
}

export function watchMemory(pid: number): MemoryWatch {
  let peak = 0;
  const watch = { over: false };
  const watching = (async () => {
    while (!watch.over) {
      peak = Math.max(peak, await rssOfTree(pid));
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  })();
  return {
    async end() {
      watch.over = true;
      await watching;
      return peak;
    },
  };
}

/** Of one that has just ended nothing is counted. */
async function rssOfTree(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
  const own = Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0);
  const children = await Promise.all((await childrenOf(pid)).map(rssOfTree));
  return children.reduce((sum, one) => sum + one, own);
}
