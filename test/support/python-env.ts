import { createHash } from 'node:crypto';
import { access, mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { cacheFolder } from '../../deploy/demo/pound.js';
import { AppError, isErrno } from '../../shared/errors.js';
import { exec, type Argv } from '../../shared/ports/exec.js';

export interface PythonOptions {
  /** `zope`: the folder in the cache is called for it. */
  readonly name: string;
  /** Path of the list of what pip installs. */
  readonly requirements: string;
  readonly signal: AbortSignal;
  readonly cache?: string;
}

/**
 * The folder of a venv with these packages: from the cache, else built there from PyPI. It appears complete or not at all, also when two
 * processes build at once. Its programs are to be run by its `bin/python`: the venv has been moved. Rejects where it cannot be had.
 */
export async function pythonEnvironment({ name, requirements, signal, cache = cacheFolder() }: PythonOptions): Promise<string> {
  const version = await run(['python3', '-c', VERSION], signal);
  const key = createHash('sha256')
    .update(version)
    .update(await readFile(requirements))
    .digest('hex')
    .slice(0, 16);
  const folder = join(cache, `${name}-${key}`);
  if (!(await exists(folder))) await build(folder, requirements, signal);
  return folder;
}

const VERSION = 'import sys, platform; print(sys.version, platform.machine(), platform.libc_ver())';

async function build(folder: string, requirements: string, signal: AbortSignal): Promise<void> {
  await mkdir(join(folder, '..'), { recursive: true });
  const work = await mkdtemp(`${folder}.`);
  try {
    await run(['python3', '-m', 'venv', work], signal);
    const python = join(work, 'bin', 'python');
    await run([python, '-m', 'pip', 'install', '--quiet', '--no-input', '--disable-pip-version-check', '-r', requirements], signal);
    await writeFile(join(work, 'README'), 'Python packages for the tests of ctl. Can be deleted at any time.\n');
    await rename(work, folder).catch((error: unknown) => {
      // Somebody else was quicker.
      if (!isErrno(error, 'ENOTEMPTY', 'EEXIST')) throw error;
    });
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

async function run(argv: Argv, signal: AbortSignal): Promise<string> {
  const { code, stdout, stderr } = await exec(argv, { timeoutMs: 300_000, signal });
  if (code !== 0)
    throw new AppError('failed', `${argv.slice(0, 4).join(' ')} ended with ${code ?? 'a signal'}: ${stderr.trim().slice(-500)}`);
  return stdout;
}

const exists = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );
