import { mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { AppError, isErrno } from '../../shared/errors.js';
import { exec, type Argv } from '../../shared/ports/exec.js';
import { sourcesFor } from './apt-sources.js';

export interface DebianPackages {
  readonly packages: readonly string[];
  /** The release that has them, given the machine's own. */
  readonly release: (own: string) => string;
  /** What is to be made of the unpacked tree `root`, beside it in `folder`. `sources`: the package sources that were asked, as apt reads them. */
  readonly finish: (folder: string, root: string, sources: string) => Promise<void>;
}

/**
 * Fetches Debian packages from the machine's own mirror and unpacks them into `folder/root`, so that they run beside the system's own.
 * `folder` appears complete or not at all, also when two processes fetch at once. apt gets a state of its own: the system's is not touched.
 */
export async function unpackDebianPackages(folder: string, wanted: DebianPackages, signal: AbortSignal): Promise<void> {
  await mkdir(dirname(folder), { recursive: true });
  const work = await mkdtemp(`${folder}.`);
  try {
    const packages = join(work, 'packages');
    const root = join(work, 'done', 'root');
    await mkdir(packages);
    await mkdir(root, { recursive: true });
    const conf = await writeAptState(join(work, 'apt'), wanted.release);
    await run(['apt-get', '-c', conf, '-qq', 'update'], work, signal);
    await run(['apt-get', '-c', conf, '-qq', 'download', ...wanted.packages], packages, signal);
    for (const file of await readdir(packages)) await run(['dpkg-deb', '-x', join(packages, file), root], work, signal);
    await wanted.finish(join(work, 'done'), root, join(work, 'apt', 'own.sources'));
    await rename(join(work, 'done'), folder).catch((error: unknown) => {
      // Somebody else was quicker.
      if (!isErrno(error, 'ENOTEMPTY', 'EEXIST')) throw error;
    });
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

async function writeAptState(folder: string, release: (own: string) => string): Promise<string> {
  await mkdir(join(folder, 'lists', 'partial'), { recursive: true });
  await mkdir(join(folder, 'cache', 'archives', 'partial'), { recursive: true });
  const own = /^VERSION_CODENAME=(\S+)/m.exec(await readFile('/etc/os-release', 'utf8'))?.[1];
  if (own === undefined) throw new AppError('unsupported', 'this system is no Debian');
  const wanted = release(own);
  const stanzas = sourcesFor(await sourceFiles(), own, wanted);
  if (stanzas.length === 0) throw new AppError('unsupported', `no package source of this machine carries ${own}`);
  await writeFile(join(folder, 'status'), '');
  await writeFile(join(folder, 'own.sources'), `${stanzas.join('\n\n')}\n`);
  const conf = join(folder, 'apt.conf');
  await writeFile(
    conf,
    [
      `Dir::State::lists "${folder}/lists";`,
      `Dir::State::status "${folder}/status";`,
      `Dir::Cache "${folder}/cache";`,
      `Dir::Etc::sourcelist "${folder}/own.sources";`,
      'Dir::Etc::sourceparts "-";',
      'Acquire::Languages "none";',
      'Acquire::IndexTargets::deb::DEP-11::DefaultEnabled "false";',
      // What the machine does after an update of its own is not to be done after ours.
      '#clear APT::Update::Post-Invoke;',
      '#clear APT::Update::Post-Invoke-Success;',
      '',
    ].join('\n'),
  );
  return conf;
}

async function sourceFiles(): Promise<{ name: string; text: string }[]> {
  const parts = await readdir('/etc/apt/sources.list.d').catch(absent<string[]>([]));
  const names = ['/etc/apt/sources.list', ...parts.filter((p) => /\.(list|sources)$/.test(p)).map((p) => `/etc/apt/sources.list.d/${p}`)];
  return Promise.all(names.map(async (name) => ({ name, text: await readFile(name, 'utf8').catch(absent('')) })));
}

const absent =
  <T>(value: T) =>
  (error: unknown): T => {
    if (isErrno(error, 'ENOENT')) return value;
    throw error;
  };

async function run(argv: Argv, cwd: string, signal: AbortSignal): Promise<void> {
  const { code, stderr } = await exec(argv, { cwd, timeoutMs: 120_000, signal });
  if (code === 0) return;
  const lines = stderr.trim().split('\n');
  throw new AppError(
    'failed',
    `${argv[0]} ended with ${code ?? 'a signal'}: ${lines.findLast((line) => line.startsWith('E:')) ?? lines.at(-1) ?? ''}`,
  );
}
