import { chmod, mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { AppError, isErrno } from '../../shared/errors.js';
import { exec, type Argv } from '../../shared/ports/exec.js';
import { sourcesFor } from './apt-sources.js';

/**
 * Fetches Pound with its libraries and their loader as Debian packages and unpacks them, so that they run beside the system's own.
 * `folder` appears complete or not at all, also when two processes fetch at once. apt gets a state of its own: the system's is not touched.
 */
export async function fetchPound(folder: string, signal: AbortSignal): Promise<void> {
  await mkdir(dirname(folder), { recursive: true });
  const work = await mkdtemp(`${folder}.`);
  try {
    const packages = join(work, 'packages');
    const root = join(work, 'done', 'root');
    await mkdir(packages);
    await mkdir(root, { recursive: true });
    const conf = await writeAptState(join(work, 'apt'));
    await run(['apt-get', '-c', conf, '-qq', 'update'], work, signal);
    await run(['apt-get', '-c', conf, '-qq', 'download', ...PACKAGES], packages, signal);
    for (const file of await readdir(packages)) await run(['dpkg-deb', '-x', join(packages, file), root], work, signal);
    await writeWrapper(join(work, 'done'), root);
    await rename(join(work, 'done'), folder).catch((error: unknown) => {
      // Somebody else was quicker.
      if (!isErrno(error, 'ENOTEMPTY', 'EEXIST')) throw error;
    });
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/** Pound and all that it links, down to the loader: nothing of the system's own libraries is used. */
const PACKAGES = ['pound', 'libc6', 'libssl3t64', 'libpcre2-8-0', 'libadns1t64', 'libcrypt1', 'libzstd1', 'zlib1g'];

/** The release that has a Pound ≥ 4.2 where the machine's own has none. */
const NEWER: Readonly<Record<string, string>> = { bookworm: 'trixie' };

async function writeAptState(folder: string): Promise<string> {
  await mkdir(join(folder, 'lists', 'partial'), { recursive: true });
  await mkdir(join(folder, 'cache', 'archives', 'partial'), { recursive: true });
  const own = /^VERSION_CODENAME=(\S+)/m.exec(await readFile('/etc/os-release', 'utf8'))?.[1];
  if (own === undefined) throw new AppError('unsupported', 'this system is no Debian');
  const wanted = NEWER[own] ?? own;
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

async function writeWrapper(folder: string, root: string): Promise<void> {
  const lib = join(root, 'usr', 'lib');
  const triple = (await readdir(lib)).find((name) => name.endsWith('-linux-gnu'));
  const loader = triple === undefined ? undefined : (await readdir(join(lib, triple))).find((name) => /^ld-linux.*\.so\.\d+$/.test(name));
  if (triple === undefined || loader === undefined)
    throw new AppError('unsupported', 'the package of the C library has no loader where it is looked for');
  const path = join(folder, 'pound');
  const script = [
    '#!/bin/sh',
    '# Runs the Pound of this folder with its own libraries. exec: the pid stays the one that was started.',
    'here=$(dirname -- "$0")',
    `lib="$here/root/usr/lib/${triple}"`,
    `exec "$lib/${loader}" --library-path "$lib:$here/root/usr/lib" --argv0 pound "$here/root/usr/sbin/pound" "$@"`,
    '',
  ].join('\n');
  await writeFile(path, script);
  await chmod(path, 0o755);
}

async function run(argv: Argv, cwd: string, signal: AbortSignal): Promise<void> {
  const { code, stderr } = await exec(argv, { cwd, timeoutMs: 120_000, signal });
  if (code === 0) return;
  const lines = stderr.trim().split('\n');
  throw new AppError(
    'failed',
    `${argv[0]} ended with ${code ?? 'a signal'}: ${lines.findLast((line) => line.startsWith('E:')) ?? lines.at(-1) ?? ''}`,
  );
}
