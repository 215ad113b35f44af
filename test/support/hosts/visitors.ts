import { join } from 'node:path';
import type { LoadStats } from '../../../deploy/demo/load.js';
import type { Processes } from '../../../deploy/demo/processes.js';
import { until } from '../../../deploy/demo/until.js';
import { AppError } from '../../../shared/errors.js';
import type { NetworkHost } from './network.js';

/** Visitors of a site who sit somewhere on its network. */
export interface Visitors {
  /** Lets their requests in hand end; what they saw. */
  leave(): Promise<LoadStats>;
}

/** Resolves when each of them has been served once. */
export async function sendVisitors(
  from: NetworkHost,
  url: string,
  { processes, signal }: { readonly processes: Processes; readonly signal: AbortSignal },
): Promise<Visitors> {
  const main = join(import.meta.dirname, 'visitors-main.mjs');
  const argv = ['nsenter', `--net=${from.namespace}`, '--', process.execPath, '--import', 'tsx', main, url] as const;
  const program = await processes.start(`visitors-${++sent}`, argv);
  const lines = async () => (await program.output()).trimEnd().split('\n');
  await until('the visitors to be served', async () => (await lines()).includes('established'), { timeoutMs: 60_000, signal });
  return {
    async leave() {
      await program.end(60_000);
      const last = (await lines()).at(-1) ?? '';
      if (!last.startsWith('{')) throw new AppError('failed', `the visitors ended without a word: ${last}`);
      return JSON.parse(last) as LoadStats;
    },
  };
}

/** Each has a file of its own for its output. */
let sent = 0;
