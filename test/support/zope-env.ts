import { join } from 'node:path';
import { messageOf } from '../../shared/errors.js';
import { measured, unmeasured, type Measured } from '../../shared/model/observation.js';
import { type PythonOptions, pythonEnvironment } from './python-env.js';

/** A Python that has Zope 5 and ZEO. */
export interface ZopeEnvironment {
  readonly python: string;
  /** Path of one of their programs: `runwsgi`, `runzeo`, `mkwsgiinstance`, `zconsole`. To be run by `python`: the venv has been moved. */
  readonly script: (name: string) => string;
}

/** Built in half a minute the first time. Where it cannot be had (no Python, no network), the answer says why. */
export async function zopeEnvironment(options: Pick<PythonOptions, 'signal' | 'cache'>): Promise<Measured<ZopeEnvironment>> {
  try {
    const folder = await pythonEnvironment({ name: 'zope', requirements: REQUIREMENTS, ...options });
    return measured({ python: join(folder, 'bin', 'python'), script: (name: string) => join(folder, 'bin', name) });
  } catch (error) {
    return unmeasured(`cannot be had from PyPI: ${messageOf(error)}`);
  }
}

const REQUIREMENTS = join(import.meta.dirname, 'zope', 'requirements.txt');
