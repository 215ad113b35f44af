import { AppError } from '../../../shared/errors.js';
import type { ProcessState } from '../../../shared/model/process.js';
import { pidOf } from '../../../shared/model/process.js';
import { catches } from '../writers.js';

/** USR2 on Linux (signal(7)). */
const SIGUSR2 = 12;

/**
 * Tells a service to open its logs anew by USR2; null: it does not run, and opens them when it starts. A process without a handler for
 * that signal would be killed by it (a WSGI Zope would): it gets none. Errors: `unsupported`.
 */
export async function signalTeller(service: string, state: ProcessState): Promise<(() => Promise<void>) | null> {
  if (state.state === 'down') return null;
  if (state.state !== 'running') throw new AppError('unsupported', `${service} gets no signal: it is ${state.state}, ${state.why}`);
  const pid = pidOf(state.process);
  const handles = await catches(pid, SIGUSR2);
  if (handles !== true) {
    const why = handles === null ? 'it cannot be seen whether it handles USR2' : 'USR2 would kill it';
    throw new AppError('unsupported', `${service} (process ${pid}) gets no signal: ${why}`, { hint: 'a WSGI Zope opens no log anew' });
  }
  return async () => {
    // Asked again: the process may be another one by now.
    if ((await catches(pid, SIGUSR2)) !== true) throw new AppError('failed', `${service} (process ${pid}) is gone, or another by now`);
    process.kill(pid, 'SIGUSR2');
  };
}
