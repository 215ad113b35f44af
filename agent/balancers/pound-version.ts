import { AppError } from '../../shared/errors.js';
import type { CallOptions } from '../../shared/model/agent-api.js';
import type { Clock } from '../../shared/ports/clock.js';
import type { Exec } from '../../shared/ports/exec.js';

/** `4.16`, `2.8`, … of an installed Pound; null if it does not say. */
async function versionOfPound(exe: string, exec: Exec, options: CallOptions): Promise<string | null> {
  const { stdout, stderr } = await exec([exe === '' ? 'pound' : exe, '-V'], {
    timeoutMs: Math.min(options.timeoutMs, ASK_MS),
    signal: options.signal,
  });
  return parseVersion(stdout) ?? parseVersion(stderr);
}

/** Pound 2 logs `Version 2.8`, Pound 4 prints `pound 4.16` and more. */
export function parseVersion(text: string): string | null {
  const found = /\bversion\s+(\d+\.\d+[\w.]*)/i.exec(text) ?? /\bpound\b[^\n\d]*(\d+\.\d+[\w.]*)/i.exec(text);
  return found?.[1]?.replace(/\.$/, '') ?? null;
}

/** Pound 4.2 was the first to speak HTTP on its control socket; before that the protocol is known to its own poundctl alone. */
export function speaksHttp(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map((part) => Number.parseInt(part, 10));
  return major > 4 || (major === 4 && minor >= 2);
}

/** The answer of `pound -V`, asked anew once in a while: a Pound can be upgraded under a running agent. */
export function createPoundVersions(): (exe: string, deps: { exec: Exec; clock: Clock }, options: CallOptions) => Promise<string | null> {
  const known = new Map<string, { readonly version: string | null; readonly at: number }>();
  return async (exe, { exec, clock }, options) => {
    const before = known.get(exe);
    if (before !== undefined && Math.abs(clock.now() - before.at) < KEEP_MS) return before.version;
    const version = await versionOfPound(exe, exec, options).catch((error: unknown) => {
      // A program that cannot be run says nothing of the Pound that runs.
      if (error instanceof AppError && error.code === 'failed') return null;
      throw error;
    });
    known.set(exe, { version, at: clock.now() });
    return version;
  };
}

const ASK_MS = 5_000;
const KEEP_MS = 60_000;
