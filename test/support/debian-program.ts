import { access, chmod, readdir, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { unpackDebianPackages } from '../../deploy/demo/debian-packages.js';
import { cacheFolder } from '../../deploy/demo/pound.js';
import { AppError, isErrno, messageOf } from '../../shared/errors.js';
import { measured, unmeasured, type Measured } from '../../shared/model/observation.js';
import { exec, type Argv } from '../../shared/ports/exec.js';

export interface WantedProgram {
  /** What people call it. */
  readonly what: string;
  /** Inside its package: `usr/sbin/squid`. */
  readonly path: string;
  /** It, and what it links that no minimal system has. */
  readonly packages: readonly string[];
  /** How it is asked for its version, and how that is found in what it says. */
  readonly ask: readonly string[];
  readonly version: RegExp;
  /** Whether the one on PATH is as good. False for a program whose files are named by its configuration. */
  readonly fromPath: boolean;
}

export interface DebianProgram {
  /** One path or name; it execs, so its pid is the program's own. */
  readonly exe: string;
  readonly version: string;
  /** The unpacked tree; '' for a program of the system. */
  readonly root: string;
}

/** A program from PATH, else from the cache, else unpacked from the machine's own package mirror into the cache: nothing on the system changes. */
export async function findDebianProgram(wanted: WantedProgram, signal: AbortSignal): Promise<Measured<DebianProgram>> {
  const name = basename(wanted.path);
  const onPath = wanted.fromPath ? await versionOf([name, ...wanted.ask], wanted, signal) : null;
  if (onPath !== null) return measured({ exe: name, version: onPath, root: '' });
  const folder = join(cacheFolder(), `${name}-${process.arch}-1`);
  const exe = join(folder, name);
  try {
    if (!(await exists(exe))) {
      const finish = (done: string, root: string) => writeWrapper(join(done, name), root, wanted);
      await unpackDebianPackages(folder, { packages: wanted.packages, release: (own) => own, finish }, signal);
    }
    const version = await versionOf([exe, ...wanted.ask], wanted, signal);
    return version === null
      ? unmeasured(`the ${wanted.what} in ${folder} does not run`)
      : measured({ exe, version, root: join(folder, 'root') });
  } catch (error) {
    signal.throwIfAborted();
    return unmeasured(`${wanted.what} could not be fetched: ${messageOf(error)}`);
  }
}

async function writeWrapper(path: string, root: string, { what, path: inside }: WantedProgram): Promise<void> {
  const triple = (await readdir(join(root, 'usr', 'lib')).catch(() => [])).find((name) => name.endsWith('-linux-gnu'));
  const script = [
    '#!/bin/sh',
    `# Runs the ${what} of this folder with its own libraries before those of the system. exec: the pid stays the one that was started.`,
    'here=$(dirname -- "$0")',
    ...(triple === undefined ? [] : [`export LD_LIBRARY_PATH="$here/root/usr/lib/${triple}:$here/root/lib/${triple}"`]),
    `exec "$here/root/${inside}" "$@"`,
    '',
  ].join('\n');
  await writeFile(path, script);
  await chmod(path, 0o755);
}

/** null: there is none that runs. */
async function versionOf(argv: Argv, { version }: WantedProgram, signal: AbortSignal): Promise<string | null> {
  try {
    const { stdout, stderr } = await exec(argv, { timeoutMs: 5000, signal });
    return version.exec(stdout + stderr)?.[1] ?? null;
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof AppError) return null;
    throw error;
  }
}

const exists = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    (error: unknown) => {
      if (isErrno(error, 'ENOENT')) return false;
      throw error;
    },
  );
