import { chmod, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { AppError } from '../../shared/errors.js';
import { unpackDebianPackages } from './debian-packages.js';

/** Fetches Pound with its libraries and their loader into `folder`, see `unpackDebianPackages`. */
export const fetchPound = (folder: string, signal: AbortSignal): Promise<void> =>
  unpackDebianPackages(folder, { packages: PACKAGES, release: (own) => NEWER[own] ?? own, finish: writeWrapper }, signal);

/** Pound and all that it links, down to the loader: nothing of the system's own libraries is used. */
const PACKAGES = ['pound', 'libc6', 'libssl3t64', 'libpcre2-8-0', 'libadns1t64', 'libcrypt1', 'libzstd1', 'zlib1g'];

/** The release that has a Pound ≥ 4.2 where the machine's own has none. */
const NEWER: Readonly<Record<string, string>> = { bookworm: 'trixie' };

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
