import { afterAll } from 'vitest';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { endProcessesOf } from '../../deploy/demo/leftovers.js';
import { createProcesses, type Processes } from '../../deploy/demo/processes.js';

/**
 * A temporary folder and the programs that a suite starts in it. After the suite, also a failed one, the programs are ended by their
 * pids, so are all that name the folder, and the folder is removed. To be called at the top of a `describe`.
 */
export async function suiteProcesses(name: string): Promise<{ readonly folder: string; readonly processes: Processes }> {
  const folder = await temporaryFolder(name);
  const processes = createProcesses(join(folder, 'output'));
  afterAll(async () => {
    await processes.endAll();
    await endProcessesOf(folder);
    await rm(folder, { recursive: true, force: true });
  });
  return { folder, processes };
}

/** Short: paths of unix sockets within it have to stay under 108 bytes. */
export const temporaryFolder = (name: string): Promise<string> => mkdtemp(join(tmpdir(), `ctl-${name}-`));
