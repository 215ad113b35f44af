import { EXIT } from '../exit-codes.js';
import { toLine } from '../format/error.js';
import { formatLock, formatRemoved, lockToJson } from '../format/lock.js';
import type { LockInvocation } from '../typed/actions/lock.js';
import type { Connected } from '../session.js';

/** Who holds the lock; with `-r` it is taken away first. */
export async function lock({ api, deps, options, style, signal }: Connected, invocation: LockInvocation): Promise<number> {
  const report = invocation.remove ? await api.removeLock({ force: invocation.force, by: deps.by }, signal) : await api.lock(signal);
  const text = invocation.remove ? formatRemoved(report, style) : formatLock(report, style);
  deps.terminal.out(options.json ? toLine(lockToJson(report, EXIT.well)) : text);
  return EXIT.well;
}

/** `-r` before another action. Says whose the lock was; says nothing where there was none. */
export async function removeLockFirst({ api, deps, errStyle, signal }: Connected, force: boolean): Promise<void> {
  const report = await api.removeLock({ force, by: deps.by }, signal);
  if (report.removed !== null) deps.terminal.err(formatRemoved(report, errStyle));
}
