import { readFile } from 'node:fs/promises';
import { isErrno, messageOf } from '../../shared/errors.js';
import type { ChildMemory, MemoryQuery, ServiceMemory } from '../../shared/model/memory.js';
import { measured, unmeasured, type Measured } from '../../shared/model/observation.js';
import { pidOf, type Memory, type ProcessId, type ProcessState } from '../../shared/model/process.js';
import type { ProcessFacts, Processes } from '../services/index.js';

export interface MemoriesDeps {
  readonly processes: Processes;
  readonly memoryOf: (process: ProcessId) => Promise<Measured<Memory>>;
  readonly platform: NodeJS.Platform;
}

/** What the process of a service takes, and what is below it. Never rejects for a process that cannot be measured. */
export type MemoriesOf = (service: string, state: ProcessState, query: MemoryQuery) => Promise<ServiceMemory>;

type Kb = Measured<{ readonly kb: number }>;

export function createMemories({ processes, memoryOf, platform }: MemoriesDeps): MemoriesOf {
  return async (service, state, query) => {
    if (state.state === 'down') return { service, ok: false, why: state.why, down: true };
    if (state.state !== 'running') return { service, ok: false, why: `${service} is ${state.state}: ${state.why}`, down: false };
    const memory = await memoryOf(state.process);
    if (!memory.ok) return { service, ...memory, down: false };
    const { process, rssKb, uptimeS } = memory;
    const pss = query.pss ? await pssOf(process) : null;
    return { service, ok: true, process, rssKb, uptimeS, pss, tree: query.tree ? await treeOf(process, query) : null };
  };

  async function treeOf(root: ProcessId, query: MemoryQuery): Promise<Measured<{ readonly children: readonly ChildMemory[] }>> {
    if (platform !== 'linux') return unmeasured(NO_PROC);
    try {
      const children: ChildMemory[] = [];
      for (const child of below(pidOf(root), await processes.all())) children.push(await childOf(child, query));
      return measured({ children });
    } catch (error) {
      return unmeasured(`the processes of this host cannot be read: ${messageOf(error)}`);
    }
  }

  async function childOf({ pid, id, parent }: ProcessFacts, query: MemoryQuery): Promise<ChildMemory> {
    const memory = await memoryOf(id);
    const rss: Kb = memory.ok ? measured({ kb: memory.rssKb }) : memory;
    return { process: id, parent, command: await commandOf(pid), rss, pss: query.pss ? await pssOf(id) : null };
  }

  async function pssOf(process: ProcessId): Promise<Kb> {
    if (platform !== 'linux') return unmeasured(NO_PROC);
    try {
      const kb = parsePssKb(await readFile(`/proc/${pidOf(process)}/smaps_rollup`, 'utf8'));
      const after = await processes.inspect(pidOf(process));
      if (typeof after === 'string' || after.id !== process) return unmeasured(`process ${process} ended while it was measured`);
      return kb === null ? unmeasured(`process ${process} has no memory of its own any more`) : measured({ kb });
    } catch (error) {
      if (isErrno(error, 'EACCES', 'EPERM'))
        return unmeasured(`the kernel shows the shared memory of process ${process} to its own user and to root only`);
      if (isErrno(error, 'ENOENT', 'ESRCH')) return unmeasured(`process ${process} is gone, or this kernel has no smaps_rollup`);
      return unmeasured(`the shared memory of process ${process} cannot be read: ${messageOf(error)}`);
    }
  }
}

const NO_PROC = 'this platform has no /proc to read it from';

/** Pss of /proc/PID/smaps_rollup, in kB; null for a process that is ending. */
export function parsePssKb(rollup: string): number | null {
  const value = /^Pss:\s+(\d+) kB$/m.exec(rollup)?.[1];
  return value === undefined ? null : Number(value);
}

/** Everything below `root`, parents before their children. Pure. */
export function below(root: number, all: readonly ProcessFacts[]): ProcessFacts[] {
  const byParent = new Map<number, ProcessFacts[]>();
  for (const process of all) byParent.set(process.parent, [...(byParent.get(process.parent) ?? []), process]);
  const found: ProcessFacts[] = [];
  const walk = (parent: number): void => {
    const children = byParent.get(parent) ?? [];
    // The list was not read at one moment: with a pid that was reused meanwhile it could lead in a circle.
    byParent.delete(parent);
    for (const child of children) {
      found.push(child);
      walk(child.pid);
    }
  };
  walk(root);
  return found;
}

async function commandOf(pid: number): Promise<string> {
  try {
    return (await readFile(`/proc/${pid}/comm`, 'utf8')).trimEnd();
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ESRCH', 'EACCES', 'EPERM')) return '';
    throw error;
  }
}
