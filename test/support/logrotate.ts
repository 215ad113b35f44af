import { access, chmod, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { unpackDebianPackages } from '../../deploy/demo/debian-packages.js';
import { cacheFolder } from '../../deploy/demo/pound.js';
import { AppError, isErrno, messageOf } from '../../shared/errors.js';
import { measured, unmeasured, type Measured } from '../../shared/model/observation.js';
import { exec } from '../../shared/ports/exec.js';

export interface Logrotate {
  readonly exe: string;
  readonly version: string;
}

/** logrotate from PATH, else from the cache, else unpacked from the machine's own package mirror into the cache: nothing on the system changes. */
export async function findLogrotate(options: { readonly signal: AbortSignal }): Promise<Measured<Logrotate>> {
  const onPath = await versionOf('logrotate', options.signal);
  if (onPath !== null) return measured({ exe: 'logrotate', version: onPath });
  const folder = join(cacheFolder(), `logrotate-${process.arch}-1`);
  const exe = join(folder, 'logrotate');
  try {
    if (!(await exists(exe))) {
      await unpackDebianPackages(folder, { packages: PACKAGES, release: (own) => own, finish: writeWrapper }, options.signal);
    }
    const version = await versionOf(exe, options.signal);
    return version === null ? unmeasured(`the logrotate in ${folder} does not run`) : measured({ exe, version });
  } catch (error) {
    return unmeasured(`logrotate is not on PATH and could not be fetched: ${messageOf(error)}`);
  }
}

/** logrotate and what it links that no minimal system has. */
const PACKAGES = ['logrotate', 'libpopt0', 'libacl1', 'libselinux1'];

async function writeWrapper(folder: string, root: string): Promise<void> {
  const triple = (await readdir(join(root, 'usr', 'lib'))).find((name) => name.endsWith('-linux-gnu'));
  if (triple === undefined) throw new AppError('unsupported', 'the packages of logrotate have no libraries where they are looked for');
  const path = join(folder, 'logrotate');
  const script = [
    '#!/bin/sh',
    '# Runs the logrotate of this folder with its own libraries before those of the system.',
    'here=$(dirname -- "$0")',
    `export LD_LIBRARY_PATH="$here/root/usr/lib/${triple}:$here/root/lib/${triple}"`,
    'exec "$here/root/usr/sbin/logrotate" "$@"',
    '',
  ].join('\n');
  await writeFile(path, script);
  await chmod(path, 0o755);
}

/** null: there is none that runs. */
async function versionOf(exe: string, signal: AbortSignal): Promise<string | null> {
  try {
    const { stdout, stderr } = await exec([exe, '--version'], { timeoutMs: 5000, signal });
    return /logrotate (\d+\.\d+\S*)/i.exec(stdout + stderr)?.[1] ?? null;
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
