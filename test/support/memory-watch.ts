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
      await new Promise((resolve) => setTimeout(resolve, 25));
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

/** Of one that has just ended nothing is counted, nor of one that is not its own program yet: its memory is that of its parent. */
async function rssOfTree(pid: number, parent = ''): Promise<number> {
  const program = await read(pid, 'cmdline');
  if (program === parent) return 0;
  const own = Number(/^VmRSS:\s+(\d+) kB$/m.exec(await read(pid, 'status'))?.[1] ?? 0);
  const children = await Promise.all((await childrenOf(pid)).map((child) => rssOfTree(child, program)));
  return children.reduce((sum, one) => sum + one, own);
}

const read = (pid: number, file: string): Promise<string> => readFile(`/proc/${pid}/${file}`, 'utf8').catch(() => '');
