import type { RollPorts } from './roll-ports.js';
import type { Lease } from './lock.js';

/** Nothing is done to the world before one has looked that the lock is still ours: whoever slept too long must not act beside the next one. */
export function whileHeld(ports: RollPorts, { confirm }: Pick<Lease, 'confirm'>): RollPorts {
  return {
    ...ports,
    async perform(...args) {
      await confirm();
      return ports.perform(...args);
    },
    async takeOut(...args) {
      await confirm();
      return ports.takeOut(...args);
    },
    async rotate(...args) {
      await confirm();
      return ports.rotate(...args);
    },
    async purge(...args) {
      await confirm();
      return ports.purge(...args);
    },
    async hook(...args) {
      await confirm();
      return ports.hook(...args);
    },
  };
}
