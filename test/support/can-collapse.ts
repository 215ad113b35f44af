import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { exec } from '../../shared/ports/exec.js';

/** Whether the file system of `folder`, and the `fallocate` of this machine, can take the head off a file. */
export async function canCollapse(folder: string): Promise<boolean> {
  const probe = await mkdtemp(join(folder, 'ctl-collapse-'));
  try {
    const path = join(probe, 'file');
    await writeFile(path, Buffer.alloc(256 * 1024));
    const argv = ['fallocate', '--collapse-range', '--offset', '0', '--length', String(64 * 1024), path] as const;
    const { code } = await exec(argv, { timeoutMs: 10_000, signal: new AbortController().signal }).catch(() => ({ code: 1 }));
    return code === 0;
  } finally {
    await rm(probe, { recursive: true, force: true });
  }
}
