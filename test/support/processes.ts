import { afterAll } from 'vitest';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { endProcessesOf } from '../../deploy/demo/leftovers.js';
import { createProcesses, type Processes } from '../../deploy/demo/processes.js';

export interface Suite {
  readonly folder: string;
  readonly processes: Processes;
}

/**
 * Makes temporary folders, and starts programs in them. After the suite, also a failed one, the programs are ended by their pids, so are
 * all that name a file in the folder, and the folder is removed. To be called at the top of a suite; what it hands back, in a `beforeAll`.
 */
export function suiteProcesses(name: string): () => Promise<Suite> {
  const suites: Suite[] = [];
  afterAll(async () => {
    for (const { folder, processes } of suites) {
      await processes.endAll();
      await endProcessesOf(folder);
      await rm(folder, { recursive: true, force: true });
    }
  });
  return async () => {
    const folder = await temporaryFolder(name);
    const suite = { folder, processes: createProcesses(join(folder, 'output')) };
    suites.push(suite);
    return suite;
  };
}

/** Short: paths of unix sockets within it have to stay under 108 bytes. */
export const temporaryFolder = (name: string): Promise<string> => mkdtemp(join(tmpdir(), `ctl-${name}-`));
