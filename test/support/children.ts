import { readdir, readFile } from 'node:fs/promises';

/** The processes that a process has started, and has not seen the end of. */
export async function childrenOf(pid: number): Promise<number[]> {
  const threads = await readdir(`/proc/${pid}/task`).catch(() => []);
  const lists = await Promise.all(threads.map((thread) => readFile(`/proc/${pid}/task/${thread}/children`, 'utf8').catch(() => '')));
  return lists
    .join(' ')
    .split(' ')
    .filter((one) => one !== '')
    .map(Number);
}

/** Our own children that run this program. */
export async function runningHere(program: string): Promise<number[]> {
  const children = await childrenOf(process.pid);
  const names = await Promise.all(children.map((pid) => readFile(`/proc/${pid}/comm`, 'utf8').catch(() => '')));
  return children.filter((_, at) => names[at]?.trim() === program);
}

/** Resolves when none of our children runs it any more. */
export async function gone(program: string): Promise<void> {
  while ((await runningHere(program)).length > 0) await new Promise((resolve) => setTimeout(resolve, 5));
}
