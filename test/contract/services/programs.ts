import { join } from 'node:path';
import type { Argv } from '../../../shared/ports/exec.js';
import type { Behaviour } from './service-manager.js';

/** One of the small programs in test/fixtures/programs. */
export const program = (name: string, ...args: string[]): Argv => [
  process.execPath,
  join(import.meta.dirname, '../../fixtures/programs', name),
  ...args,
];

/** A service of the suite as a command; its files are `path.pid` and, for children, `path.child`. */
export function startOf(behaviour: Behaviour, path: string): Argv {
  const pidFile = `${path}.pid`;
  switch (behaviour) {
    case 'stays':
      return program('stays.mjs', pidFile);
    case 'names itself late':
      return program('stays.mjs', pidFile, '3600000');
    case 'leaves a daemon':
      return program('leaves-a-daemon.mjs', pidFile);
    case 'fails':
      return program('fails.mjs');
    case 'ignores the request to stop':
      return program('ignores-term.mjs', pidFile);
    case 'leaves children':
      return program('leaves-children.mjs', pidFile, `${path}.child`);
    case 'is missing':
      return [`${path}-does-not-exist`];
  }
}
