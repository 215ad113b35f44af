import { access, chmod, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { messageOf } from '../../shared/errors.js';
import { measured, unmeasured, type Measured } from '../../shared/model/observation.js';
import { exec } from '../../shared/ports/exec.js';
import { fetchPound } from './pound-fetch.js';
import { VERSION as STANDIN_VERSION } from './standin/control.js';

/** A Pound that can be run here. */
export interface Pound {
  /** One path or name, fit for `exe` in cluster.ini; it execs, so its pid is Pound's own. */
  readonly exe: string;
  readonly version: string;
  /** For people: `pound 4.16 (on PATH)`. */
  readonly describe: string;
}

/**
 * Pound ≥ 4.2 from PATH, else from the cache, else fetched from the machine's own package mirror into the cache: no root, nothing on the
 * system changes. Where it cannot be had, the answer says why.
 */
export async function findPound(options: { readonly signal: AbortSignal; readonly cache?: string }): Promise<Measured<Pound>> {
  const { signal } = options;
  const onPath = await versionOf('pound', signal);
  if (onPath.ok && isNewEnough(onPath.version))
    return measured({ exe: 'pound', version: onPath.version, describe: `pound ${onPath.version} (on PATH)` });

  const folder = join(options.cache ?? cacheFolder(), `pound-${process.arch}-${RECIPE}`);
  const exe = join(folder, 'pound');
  try {
    if (!(await exists(exe))) await fetchPound(folder, signal);
    const cached = await versionOf(exe, signal);
    if (!cached.ok) return unmeasured(`the Pound in ${folder} does not run: ${cached.why}`);
    if (!isNewEnough(cached.version)) return unmeasured(`the package mirror has only Pound ${cached.version}`);
    return measured({ exe, version: cached.version, describe: `pound ${cached.version} (from the cache)` });
  } catch (error) {
    return unmeasured(`Pound is not on PATH and could not be fetched: ${messageOf(error)}`);
  }
}

/**
 * What stands in for Pound where it cannot be had, as one program in `folder`: it speaks the same control protocol and reads the same
 * pound.cfg, but it knows no TLS and no request matching.
 */
export async function standInForPound(folder: string): Promise<Pound> {
  const script = join(folder, 'pound-standin.mjs');
  const exe = join(folder, 'pound-standin');
  const entry = fileURLToPath(new URL('pound-standin.ts', import.meta.url));
  await build({
    entryPoints: [entry],
    outfile: script,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    logLevel: 'silent',
  });
  await writeFile(exe, `#!/bin/sh\nexec "${process.execPath}" "${script}" "$@"\n`);
  await chmod(exe, 0o755);
  return { exe, version: STANDIN_VERSION, describe: 'stand-in' };
}

/** Where fetched programs are kept: outside of the source tree, so that a fresh clone finds them again. */
export const cacheFolder = (env: NodeJS.ProcessEnv = process.env): string =>
  resolve(env.CTL_CACHE ?? join(env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'ctl'));

/** Changes when what is fetched, or how it lies in the cache, changes. */
const RECIPE = 1;

async function versionOf(exe: string, signal: AbortSignal): Promise<Measured<{ readonly version: string }>> {
  try {
    const { stdout, stderr } = await exec([exe, '-V'], { timeoutMs: 5000, signal });
    const version = /\b(\d+\.\d+(?:\.\d+)?)\b/.exec(stdout)?.[1];
    return version === undefined ? unmeasured(`${exe} -V says ${JSON.stringify((stderr || stdout).slice(0, 120))}`) : measured({ version });
  } catch (error) {
    return unmeasured(messageOf(error));
  }
}

function isNewEnough(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major > 4 || (major === 4 && minor >= 2);
}

const exists = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );
