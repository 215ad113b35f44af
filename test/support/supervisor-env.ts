import { join } from 'node:path';
import { messageOf } from '../../shared/errors.js';
import { measured, unmeasured, type Measured } from '../../shared/model/observation.js';
import type { Argv } from '../../shared/ports/exec.js';
import { type PythonOptions, pythonEnvironment } from './python-env.js';

/** A real supervisor 4.2. */
export interface SupervisorEnvironment {
  /** Runs a supervisord in the foreground. */
  supervisord(conf: string): Argv;
  /** A supervisorctl that speaks to the supervisord of this socket. */
  supervisorctl(socket: string, ...args: readonly string[]): Argv;
}

/** Built in a few seconds the first time. Where it cannot be had, the answer says why. */
export async function supervisorEnvironment(options: Pick<PythonOptions, 'signal' | 'cache'>): Promise<Measured<SupervisorEnvironment>> {
  try {
    const folder = await pythonEnvironment({ name: 'supervisor', requirements: REQUIREMENTS, ...options });
    const program = (name: string): Argv => [join(folder, 'bin', 'python'), join(folder, 'bin', name)];
    return measured({
      supervisord: (conf: string): Argv => [...program('supervisord'), '-n', '-c', conf],
      supervisorctl: (socket: string, ...args: readonly string[]): Argv => [...program('supervisorctl'), '-s', `unix://${socket}`, ...args],
    });
  } catch (error) {
    return unmeasured(`supervisor cannot be had from PyPI: ${messageOf(error)}`);
  }
}

const REQUIREMENTS = join(import.meta.dirname, 'supervisor-requirements.txt');
