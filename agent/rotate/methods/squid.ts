import { AppError } from '../../../shared/errors.js';
import type { Exec } from '../../../shared/ports/exec.js';

/** Tells a Squid to open its logs anew. Errors: `failed`, with what it said. */
export async function tellSquid(squid: { readonly exe: string; readonly conf: string }, exec: Exec): Promise<void> {
  const exe = squid.exe === '' ? 'squid' : squid.exe;
  const conf = squid.conf === '' ? [] : ['-f', squid.conf];
  const { code, stderr } = await exec([exe, ...conf, '-k', 'rotate'], { timeoutMs: ROTATE_MS, signal: new AbortController().signal });
  if (code !== 0)
    throw new AppError('failed', `${exe} -k rotate ended with ${code ?? 'a signal'}: ${stderr.trim().split('\n').at(-1) ?? ''}`);
}

const ROTATE_MS = 30_000;
