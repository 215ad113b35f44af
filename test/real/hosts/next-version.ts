import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { AppError } from '../../../shared/errors.js';
import { exec, type Argv } from '../../../shared/ports/exec.js';

/** Puts an archive into `folder` that is as the given one, but for its version. */
export async function nextVersion(archive: string, folder: string, signal: AbortSignal): Promise<void> {
  const work = await mkdtemp(join(folder, 'next-'));
  try {
    await run(['tar', '--extract', '--gzip', '--directory', work, '--file', archive], signal);
    await run(['mv', join(work, `ctl-${OLD}`), join(work, `ctl-${NEW}`)], signal);
    const dist = join(work, `ctl-${NEW}`, 'dist');
    for (const name of (await readdir(dist)).filter((one) => one.endsWith('.js'))) {
      const path = join(dist, name);
      await writeFile(path, (await readFile(path, 'utf8')).replaceAll(`"${OLD}"`, `"${NEW}"`));
    }
    await run(
      ['tar', '--create', '--gzip', '--directory', work, '--file', join(folder, basename(archive).replace(OLD, NEW)), `ctl-${NEW}`],
      signal,
    );
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

const OLD = '0.1.0';
const NEW = '0.1.1';

async function run(argv: Argv, signal: AbortSignal): Promise<void> {
  const { code, stderr } = await exec(argv, { timeoutMs: 60_000, signal });
  if (code !== 0) throw new AppError('failed', `${argv.slice(0, 2).join(' ')} ended with ${code ?? 'a signal'}: ${stderr.slice(-500)}`);
}
