import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { join } from 'node:path';

export interface OldPoundOptions {
  /** What the letters for enable and disable mean: the documentation has them both ways. */
  readonly letters?: 'as usual' | 'the other way round';
}

/**
 * A folder with a `pound` that calls itself 2.8 and a `poundctl` that takes the options of that version and prints its listing. Behind both
 * is a Pound of today. Answers the path of that `pound`.
 */
export async function oldPound(folder: string, exe: string, { letters = 'as usual' }: OldPoundOptions = {}): Promise<string> {
  const bin = join(folder, 'old');
  await mkdir(bin, { recursive: true });
  const poundctl = fileURLToPath(new URL('old-poundctl.mjs', import.meta.url));
  await script(join(bin, 'poundctl'), `export POUNDCTL_LETTERS='${letters}'\nexec '${process.execPath}' '${poundctl}' "$@"`);
  const version = `echo 'starting...' >&2; echo 'Version 2.8' >&2; exit 0`;
  await script(join(bin, 'pound'), `if [ "$1" = -V ]; then ${version}; fi\nexec '${exe}' "$@"`);
  return join(bin, 'pound');
}

async function script(path: string, body: string): Promise<void> {
  await writeFile(path, `#!/bin/sh\n${body}\n`);
  await chmod(path, 0o755);
}
