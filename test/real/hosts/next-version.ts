import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { AppError } from '../../../shared/errors.js';
import { exec, type Argv } from '../../../shared/ports/exec.js';

/** Puts an archive into `folder` that is as the one in `dist`, but for its version; answers that. */
export async function bringNextVersion(dist: string, folder: string, signal: AbortSignal): Promise<string> {
  const { name, version, next } = await find(dist);
  const work = await mkdtemp(join(folder, 'next-'));
  try {
    await run(['tar', '--extract', '--gzip', '--directory', work, '--file', join(dist, name)], signal);
    await run(['mv', join(work, `ctl-${version}`), join(work, `ctl-${next}`)], signal);
    const programs = join(work, `ctl-${next}`, 'dist');
    for (const program of (await readdir(programs)).filter((one) => one.endsWith('.js'))) {
      const path = join(programs, program);
      await writeFile(path, (await readFile(path, 'utf8')).replaceAll(`"${version}"`, `"${next}"`));
    }
    const archive = join(folder, name.replace(version, next));
    await run(['tar', '--create', '--gzip', '--directory', work, '--file', archive, `ctl-${next}`], signal);
    return next;
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

async function find(dist: string): Promise<{ readonly name: string; readonly version: string; readonly next: string }> {
  for (const name of await readdir(dist)) {
    const [, minor, patch] = /^ctl-(\d+\.\d+)\.(\d+)-.*\.tar\.gz$/.exec(name) ?? [];
    if (minor !== undefined && patch !== undefined) return { name, version: `${minor}.${patch}`, next: `${minor}.${Number(patch) + 1}` };
  }
  throw new AppError('failed', `${dist} has no archive`, { hint: 'npm run package makes it' });
}

async function run(argv: Argv, signal: AbortSignal): Promise<void> {
  const { code, stderr } = await exec(argv, { timeoutMs: 60_000, signal });
  if (code !== 0) throw new AppError('failed', `${argv.slice(0, 2).join(' ')} ended with ${code ?? 'a signal'}: ${stderr.slice(-500)}`);
}
