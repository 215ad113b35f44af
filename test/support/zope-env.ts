import { createHash } from 'node:crypto';
import { access, mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { cacheFolder } from '../../deploy/demo/pound.js';
import { AppError, isErrno, messageOf } from '../../shared/errors.js';
import { measured, unmeasured, type Measured } from '../../shared/model/observation.js';
import { exec, type Argv } from '../../shared/ports/exec.js';

/** A Python that has Zope 5 and ZEO. */
export interface ZopeEnvironment {
  readonly python: string;
  /** Path of one of their programs: `runwsgi`, `runzeo`, `mkwsgiinstance`, `zconsole`. To be run by `python`: the venv has been moved. */
  readonly script: (name: string) => string;
}

/**
 * The environment from the cache, else built there from PyPI in half a minute. It appears complete or not at all, also when two
 * processes build at once. Where it cannot be had (no Python, no network), the answer says why.
 */
export async function zopeEnvironment(options: {
  readonly signal: AbortSignal;
  readonly cache?: string;
}): Promise<Measured<ZopeEnvironment>> {
  const { signal, cache = cacheFolder() } = options;
  try {
    const version = await run(
      ['python3', '-c', 'import sys, platform; print(sys.version, platform.machine(), platform.libc_ver())'],
      signal,
    );
    const key = createHash('sha256')
      .update(version)
      .update(await readFile(REQUIREMENTS))
      .digest('hex')
      .slice(0, 16);
    const folder = join(cache, `zope-${key}`);
    if (!(await exists(folder))) await build(folder, signal);
    return measured({ python: join(folder, 'bin', 'python'), script: (name: string) => join(folder, 'bin', name) });
  } catch (error) {
    return unmeasured(`cannot be had from PyPI: ${messageOf(error)}`);
  }
}

const REQUIREMENTS = join(import.meta.dirname, 'zope', 'requirements.txt');

async function build(folder: string, signal: AbortSignal): Promise<void> {
  await mkdir(join(folder, '..'), { recursive: true });
  const work = await mkdtemp(`${folder}.`);
  try {
    await run(['python3', '-m', 'venv', work], signal);
    const python = join(work, 'bin', 'python');
    await run([python, '-m', 'pip', 'install', '--quiet', '--no-input', '--disable-pip-version-check', '-r', REQUIREMENTS], signal);
    await writeFile(join(work, 'README'), 'Zope and ZEO for the tests of ctl. Can be deleted at any time.\n');
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
