import { access, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { cacheFolder } from '../../deploy/demo/pound.js';
import { unpackDebianPackages } from '../../deploy/demo/debian-packages.js';
import { AppError, messageOf } from '../../shared/errors.js';
import { measured, unmeasured, type Measured } from '../../shared/model/observation.js';
import { exec, type Argv } from '../../shared/ports/exec.js';

/** What it takes to boot a system of its own under a real systemd. */
export interface SystemdEnvironment {
  /** Path of systemd-nspawn. */
  readonly nspawn: string;
  /** The files of a small Debian with systemd; never to be written to. */
  readonly tree: string;
}

/**
 * The environment from the cache, else made there from the machine's own package archive, in about a minute. It appears complete or not
 * at all, also when two processes build at once. Where it cannot be had, the answer says why.
 */
export async function systemdEnvironment(options: {
  readonly signal: AbortSignal;
  readonly cache?: string;
}): Promise<Measured<SystemdEnvironment>> {
  const { signal, cache = cacheFolder() } = options;
  if (process.platform !== 'linux') return unmeasured('systemd runs on Linux only');
  if (process.getuid?.() !== 0) return unmeasured('only root can boot a container with systemd');
  const folder = join(cache, `systemd-${process.arch}-${RECIPE}`);
  const [nspawn, tree] = [join(folder, 'root/usr/bin/systemd-nspawn'), join(folder, 'tree')];
  try {
    if (!(await exists(tree))) await build(folder, signal);
    const version = await exec([nspawn, '--version'], { timeoutMs: 10_000, signal });
    if (version.code !== 0) return unmeasured(`systemd-nspawn does not run here: ${version.stderr.trim()}`);
    return measured({ nspawn, tree });
  } catch (error) {
    return unmeasured(`a system with systemd cannot be made: ${messageOf(error)}`);
  }
}

/** Changes when what is built below does. */
const RECIPE = 2;
const INCLUDE = 'systemd-sysv,dbus,iproute2,libstdc++6';

function build(folder: string, signal: AbortSignal): Promise<void> {
  const finish = async (into: string, tools: string, sources: string) => {
    const suite = /^Suites: (\S+)/m.exec(await readFile(sources, 'utf8'))?.[1];
    if (suite === undefined) throw new AppError('unsupported', `${sources} names no suite`);
    const mmdebstrap = [
      'perl',
      join(tools, 'usr/bin/mmdebstrap'),
      '--quiet',
      '--variant=minbase',
      `--include=${INCLUDE}`,
      '--format=directory',
    ] as const;
    await run([...mmdebstrap, suite, join(into, 'tree'), sources], signal);
  };
  return unpackDebianPackages(folder, { packages: ['systemd-container', 'mmdebstrap'], release: (own) => own, finish }, signal);
}

async function run(argv: Argv, signal: AbortSignal): Promise<void> {
  const { code, stderr } = await exec(argv, { timeoutMs: 300_000, signal });
  if (code !== 0)
    throw new AppError('failed', `${argv.slice(0, 2).join(' ')} ended with ${code ?? 'a signal'}: ${stderr.trim().slice(-500)}`);
}

const exists = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );
