import type { ServiceSpec } from '../../shared/model/service.js';
import { readPidFile } from './pid-file.js';
import type { Inspected, ProcessFacts, Processes } from './processes.js';

/**
 * The process that a service is, under a manager that knows its main process: the one of its pid file if that belongs to the
 * service (a supervising daemon or a shell may stand above it), else the main process.
 */
export async function processOfService(
  main: Inspected,
  spec: ServiceSpec,
  processes: Processes,
  belongs: (named: ProcessFacts) => Promise<boolean>,
): Promise<Inspected> {
  const pidFile = spec.pidFile === undefined ? null : await readPidFile(spec.pidFile);
  if (pidFile?.kind !== 'pid' || (typeof main === 'object' && main.pid === pidFile.pid)) return main;
  const named = await processes.inspect(pidFile.pid);
  return typeof named === 'object' && (await belongs(named)) ? named : main;
}

/** Whether `process` is below `ancestor`: its child, a child of that, and so on. */
export async function descendsFrom(process: ProcessFacts, ancestor: number, processes: Processes): Promise<boolean> {
  let at: Inspected = process;
  for (let generation = 0; generation < MAX_GENERATIONS && typeof at === 'object' && at.parent > 1; generation += 1) {
    if (at.parent === ancestor) return true;
    at = await processes.inspect(at.parent);
  }
  return false;
}

const MAX_GENERATIONS = 64;
