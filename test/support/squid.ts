import { access, chmod, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { unpackDebianPackages } from '../../deploy/demo/debian-packages.js';
import { cacheFolder } from '../../deploy/demo/pound.js';
import { AppError, isErrno, messageOf } from '../../shared/errors.js';
import { measured, unmeasured, type Measured } from '../../shared/model/observation.js';
import { exec } from '../../shared/ports/exec.js';

/** A Squid that can be run here; unpacked, so that a configuration has to say where its files are. */
export interface Squid {
  readonly exe: string;
  readonly version: string;
  /** Lines for squid.conf. */
  readonly places: readonly string[];
}

/** Unpacked from the machine's own package mirror into the cache: nothing on the system changes. */
export async function findSquid(options: { readonly signal: AbortSignal }): Promise<Measured<Squid>> {
  const folder = join(cacheFolder(), `squid-${process.arch}-1`);
  const exe = join(folder, 'squid');
  const root = join(folder, 'root');
  try {
    if (!(await exists(exe)))
      await unpackDebianPackages(folder, { packages: PACKAGES, release: (own) => own, finish: writeWrapper }, options.signal);
    const { stdout } = await exec([exe, '-v'], { timeoutMs: 5000, signal: options.signal });
    const version = /Version (\d+\.\d+\S*)/.exec(stdout)?.[1];
    if (version === undefined) return unmeasured(`the Squid in ${folder} does not run`);
    const share = join(root, 'usr/share');
    const places = [
      `mime_table ${join(share, 'squid/mime.conf')}`,
      `error_directory ${join(share, 'squid-langpack/en')}`,
      `icon_directory ${join(share, 'squid/icons')}`,
      `unlinkd_program ${join(root, 'usr/lib/squid/unlinkd')}`,
    ];
    return measured({ exe, version, places });
  } catch (error) {
    options.signal.throwIfAborted();
    return unmeasured(`Squid could not be fetched: ${messageOf(error)}`);
  }
}

/** Squid and what it links that no minimal system has. */
const PACKAGES = [
  ...['squid', 'squid-common', 'squid-langpack', 'libecap3', 'libltdl7', 'libdb5.3'],
  ...['libnetfilter-conntrack3', 'libnfnetlink0', 'libtdb1'],
];

async function writeWrapper(folder: string, root: string): Promise<void> {
  const triple = (await readdir(join(root, 'usr', 'lib'))).find((name) => name.endsWith('-linux-gnu'));
  if (triple === undefined) throw new AppError('unsupported', 'the packages of Squid have no libraries where they are looked for');
  const path = join(folder, 'squid');
  const script = [
    '#!/bin/sh',
    '# Runs the Squid of this folder with its own libraries before those of the system. exec: the pid stays the one that was started.',
    'here=$(dirname -- "$0")',
    `export LD_LIBRARY_PATH="$here/root/usr/lib/${triple}"`,
    'exec "$here/root/usr/sbin/squid" "$@"',
    '',
  ].join('\n');
  await writeFile(path, script);
  await chmod(path, 0o755);
}

const exists = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    (error: unknown) => {
      if (isErrno(error, 'ENOENT')) return false;
      throw error;
    },
  );
