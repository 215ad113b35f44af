import type { ClusterConfig } from '../config/cluster.js';
import type { Checks } from '../checks/runner.js';
import type { Incidents } from '../incidents/incidents.js';
import { messageOf } from '../../shared/errors.js';
import type { Log } from '../../shared/log.js';
import type { Clock } from '../../shared/ports/clock.js';
import { exitOf } from '../actions/check.js';
import type { Operations } from '../actions/operations.js';
import { isDue } from './due.js';
import { type Keeper, startKeeper } from './keeper.js';
import { awaitResult, ownRequest } from './own-operation.js';

export interface RestartKeeperDeps {
  readonly config: () => ClusterConfig;
  readonly checks: Pick<Checks, 'report'>;
  readonly operations: Pick<Operations, 'run'>;
  readonly incidents: () => Promise<Pick<Incidents, 'observe'>>;
  readonly clock: Clock;
  readonly log: Log;
}

const POLL_MS = 20_000;

/**
 * The timed roll of all clients: once for each time of `restart_at` that comes. It is skipped, with an incident, unless every service is well just then and nothing else runs; one
 * that was due while no controller was there is left out.
 */
export function startRestartKeeper({ config, checks, operations, incidents, clock, log }: RestartKeeperDeps): Keeper {
  let lookedAt = clock.now();

  async function roll(signal: AbortSignal): Promise<void> {
    const why = await whyNot(signal);
    if (why !== null) return skip(why);
    try {
      const request = ownRequest({ action: 'restart', selectors: [], by: 'restart_at' });
      const { operation, outcome, exit } = await awaitResult(operations.run(request, signal));
      log.info({ operation, outcome, exit }, `restart_at: ${outcome}`);
    } catch (error) {
      if (signal.aborted) return;
      await skip(messageOf(error));
    }
  }

  /** null: every service is well. */
  async function whyNot(signal: AbortSignal): Promise<string | null> {
    const reports = await checks.report([...config().services.values()], { path: '', signal });
    if (exitOf(reports) === 0) return null;
    const bad = reports.filter((report) => report.state !== 'ok');
    return `not everything is well: ${bad.map(({ name, state }) => `${name} is ${state}`).join(', ')}`;
  }

  async function skip(why: string): Promise<void> {
    const message = `the roll of restart_at was skipped: ${why}`;
    log.warn({ why }, message);
    const trouble = { service: null, host: null, event: null, kind: 'roll', message, expected: null, got: why, logEntry: null } as const;
    const once = { failures: 1, recoveries: 1, busyRounds: 1 };
    await (await incidents()).observe({ type: 'trouble', trouble: { ...trouble, lasting: false, reason: 'restart_at' } }, once);
  }

  return startKeeper(
    async (signal) => {
      const now = clock.now();
      const { restartAt } = config().cluster;
      const isTime = restartAt !== null && isDue(restartAt, lookedAt, now);
      lookedAt = now;
      if (isTime)
        await roll(signal).catch((error: unknown) => {
          if (!signal.aborted) log.error({ error }, 'the roll of restart_at could not be told of');
        });
      return POLL_MS;
    },
    { clock, log, complaint: 'nobody rolls at restart_at any more' },
  );
}
