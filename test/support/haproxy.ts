import { access, chmod, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { unpackDebianPackages } from '../../deploy/demo/debian-packages.js';
import { cacheFolder } from '../../deploy/demo/pound.js';
import { AppError, messageOf } from '../../shared/errors.js';
import { measured, unmeasured, type Measured } from '../../shared/model/observation.js';
import { exec } from '../../shared/ports/exec.js';

/** A HAProxy that can be run here. */
export interface Haproxy {
  /** One path or name, fit for `exe` in cluster.ini; it execs, so its pid is HAProxy's own. */
  readonly exe: string;
  readonly version: string;
}

/** HAProxy from PATH, else from the cache, else unpacked from the machine's own package mirror into the cache: nothing on the system changes. */
export async function findHaproxy(options: { readonly signal: AbortSignal }): Promise<Measured<Haproxy>> {
  const onPath = await versionOf('haproxy', options.signal);
  if (onPath !== null) return measured({ exe: 'haproxy', version: onPath });
  const folder = join(cacheFolder(), `haproxy-${process.arch}-1`);
  const exe = join(folder, 'haproxy');
  try {
    if (!(await exists(exe))) {
      await unpackDebianPackages(folder, { packages: PACKAGES, release: (own) => own, finish: writeWrapper }, options.signal);
    }
    const version = await versionOf(exe, options.signal);
    return version === null ? unmeasured(`the HAProxy in ${folder} does not run`) : measured({ exe, version });
  } catch (error) {
    return unmeasured(`HAProxy is not on PATH and could not be fetched: ${messageOf(error)}`);
  }
}

/** HAProxy and what it links that no minimal system has. */
const PACKAGES = ['haproxy', 'liblua5.3-0', 'libopentracing-c-wrapper0', 'libopentracing1'];

async function writeWrapper(folder: string, root: string): Promise<void> {
  const triple = (await readdir(join(root, 'usr', 'lib'))).find((name) => name.endsWith('-linux-gnu'));
  if (triple === undefined) throw new AppError('unsupported', 'the packages of HAProxy have no libraries where they are looked for');
  const path = join(folder, 'haproxy');
  const script = [
    '#!/bin/sh',
    '# Runs the HAProxy of this folder with its own libraries before those of the system. exec: the pid stays the one that was started.',
    'here=$(dirname -- "$0")',
    `export LD_LIBRARY_PATH="$here/root/usr/lib/${triple}"`,
    'exec "$here/root/usr/sbin/haproxy" "$@"',
    '',
  ].join('\n');
  await writeFile(path, script);
  await chmod(path, 0o755);
}

/** null: there is none that runs. */
async function versionOf(exe: string, signal: AbortSignal): Promise<string | null> {
  try {
    const { stdout } = await exec([exe, '-v'], { timeoutMs: 5000, signal });
    return /version (\d+\.\d+\S*)/i.exec(stdout)?.[1] ?? null;
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof AppError) return null;
    throw error;
  }
}

const exists = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );
