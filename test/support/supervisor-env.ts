import { createHash } from 'node:crypto';
import { access, mkdir, mkdtemp, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { cacheFolder } from '../../deploy/demo/pound.js';
import { AppError, isErrno, messageOf } from '../../shared/errors.js';
import { measured, unmeasured, type Measured } from '../../shared/model/observation.js';
import { exec, type Argv } from '../../shared/ports/exec.js';

/** A real supervisor 4.2. */
export interface SupervisorEnvironment {
  /** Runs a supervisord in the foreground. */
  supervisord(conf: string): Argv;
  /** A supervisorctl that speaks to the supervisord of this socket. */
  supervisorctl(socket: string, ...args: readonly string[]): Argv;
}

/**
 * The environment from the cache, else built there from PyPI in a few seconds. It appears complete or not at all, also when two
 * processes build at once. Where it cannot be had, the answer says why.
 */
export async function supervisorEnvironment(options: {
  readonly signal: AbortSignal;
  readonly cache?: string;
}): Promise<Measured<SupervisorEnvironment>> {
  const { signal, cache = cacheFolder() } = options;
  try {
    const version = await run(['python3', '-c', 'import sys, platform; print(sys.version, platform.machine())'], signal);
    const key = createHash('sha256')
      .update(version)
      .update(await readFile(REQUIREMENTS))
      .digest('hex')
      .slice(0, 16);
    const folder = join(cache, `supervisor-${key}`);
    const found = await access(folder).then(
      () => true,
      () => false,
    );
    if (!found) await build(folder, signal);
    // By its Python: the venv has been moved.
    return measured({
      supervisord: (conf: string) => [join(folder, 'bin', 'python'), join(folder, 'bin', 'supervisord'), '-n', '-c', conf],
      supervisorctl: (socket: string, ...args: readonly string[]) =>
        [...[join(folder, 'bin', 'python'), join(folder, 'bin', 'supervisorctl')], ...['-s', `unix://${socket}`, ...args]] as const,
    });
  } catch (error) {
    return unmeasured(`supervisor cannot be had from PyPI: ${messageOf(error)}`);
  }
}

const REQUIREMENTS = join(import.meta.dirname, 'supervisor-requirements.txt');

async function build(folder: string, signal: AbortSignal): Promise<void> {
  await mkdir(join(folder, '..'), { recursive: true });
  const work = await mkdtemp(`${folder}.`);
  try {
    await run(['python3', '-m', 'venv', work], signal);
    const pip = [join(work, 'bin', 'python'), '-m', 'pip', 'install', '--quiet', '--no-input', '--disable-pip-version-check'] as const;
    await run([...pip, '-r', REQUIREMENTS], signal);
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
