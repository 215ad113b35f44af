import type { ClientFacts } from './facts.js';
import type { RunAction } from './run-action.js';
import { PATIENCE } from './patience.js';
import { memberOf, type Progress } from './progress.js';

/**
 * Before a repair touches a client: is it still bad? One that answers again is left alone, one whose ZEO server has just come back gets time
 * to find it. null: it is their turn.
 */
export function decideRecheck(
  progress: Progress,
  names: readonly string[],
  clients: ReadonlyMap<string, ClientFacts>,
  now: number,
): Extract<RunAction, { do: 'skip' | 'wait' }> | null {
  for (const name of names) {
    const { repair } = memberOf(progress, name).planned;
    if (repair === undefined) continue;
    if (repair.unlessWell && clients.get(name)?.health === 'passing') return { do: 'skip', member: name, why: 'it answers again' };
    const rootsSince = Math.max(0, ...repair.after.map((root) => memberOf(progress, root).settledAt ?? 0));
    const left = rootsSince + PATIENCE.recoverMs - now;
    if (repair.after.length > 0 && left > 0) {
      return { do: 'wait', why: `${name} has ${Math.ceil(left / 1000)} s to find ${repair.after.join(', ')} again`, pollMs: 500 };
    }
  }
  return null;
}
