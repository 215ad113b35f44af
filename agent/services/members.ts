import type { ProcessFacts } from './processes.js';

/**
 * The processes that belong to a service and may be killed with it: its descendants, and the process group and the session of a
 * leader that is the service itself, the command that we started, or a supervising daemon above it. A session with a terminal, or one that is merely shared (two services started from one login), is left alone:
 * only the service's own descendants go with it. `managed`: what stands above it is a service manager, and no part of the service.
 */
export function membersOf(
  target: ProcessFacts,
  all: readonly ProcessFacts[],
  { startedPid, managed = false, self }: { readonly startedPid: number | null; readonly managed?: boolean; readonly self: number },
): ProcessFacts[] {
  const byPid = new Map(all.map((process) => [process.pid, process]));
  const leads = (leader: number) => {
    if (leader === target.pid || leader === startedPid) return true;
    const process = byPid.get(leader);
    return !managed && process !== undefined && leader === target.parent && process.parent === 1 && process.terminal === 0;
  };
  const descendants = descendantsOf(target.pid, all);
  const protectedPids = ancestorsOf(self, byPid);
  return all.filter(
    (process) =>
      process.pid > 1 &&
      !protectedPids.has(process.pid) &&
      (process.pid === target.pid ||
        descendants.has(process.pid) ||
        (process.group === target.group && leads(target.group)) ||
        (process.session === target.session && leads(target.session))),
  );
}

function descendantsOf(pid: number, all: readonly ProcessFacts[]): ReadonlySet<number> {
  const children = new Map<number, number[]>();
  for (const process of all) children.set(process.parent, [...(children.get(process.parent) ?? []), process.pid]);
  const found = new Set<number>();
  const open = [pid];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    for (const child of children.get(next) ?? []) {
      if (found.has(child)) continue;
      found.add(child);
      open.push(child);
    }
  }
  return found;
}

/** We and those above us: never to be ended, whatever the table says. */
function ancestorsOf(pid: number, byPid: ReadonlyMap<number, ProcessFacts>): ReadonlySet<number> {
  const found = new Set<number>();
  for (let at: number | undefined = pid; at !== undefined && !found.has(at); at = byPid.get(at)?.parent) found.add(at);
  return found;
}
