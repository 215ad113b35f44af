import type { ClusterConfig } from '../config/cluster.js';
import type { Checks } from '../checks/runner.js';
import type { Incidents } from '../incidents/incidents.js';
import { AppError, messageOf } from '../../shared/errors.js';
import type { Log } from '../../shared/log.js';
import type { OperationResult } from '../../shared/model/operation.js';
import type { Clock } from '../../shared/ports/clock.js';
import { exitOf } from './check.js';
import type { Operations } from './operations.js';
import { isRestartDue } from './restart-due.js';

export interface RestartKeeperDeps {
  readonly config: () => ClusterConfig;
  readonly checks: Pick<Checks, 'report'>;
  readonly operations: Pick<Operations, 'run'>;
  readonly incidents: () => Promise<Pick<Incidents, 'observe'>>;
  readonly clock: Clock;
  readonly log: Log;
}

/** The timed roll of all clients, at `restart_at`. */
export interface RestartKeeper {
  /** The roll in hand is an operation like any other: it ends with those. */
  stop(): Promise<void>;
}

const POLL_MS = 20_000;

/**
 * Rolls once for each time that comes. It is skipped, with an incident, unless every service is well just then and nothing else runs; one
 * that was due while no controller was there is left out.
 */
export function startRestartKeeper({ config, checks, operations, incidents, clock, log }: RestartKeeperDeps): RestartKeeper {
  const stopping = new AbortController();
  const { signal } = stopping;

  async function roll(): Promise<void> {
    const why = await whyNot();
    if (why !== null) return skip(why);
    try {
      const { operation, outcome, exit } = await resultOf();
      log.info({ operation, outcome, exit }, `restart_at: ${outcome}`);
    } catch (error) {
      if (signal.aborted) return;
      await skip(messageOf(error));
    }
  }

  /** null: every service is well. */
  async function whyNot(): Promise<string | null> {
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

  async function resultOf(): Promise<OperationResult> {
    const defaults = { force: false, oldForm: false, maxFail: null, batch: null, deadlineS: null };
    for await (const event of operations.run({ ...defaults, action: 'restart', selectors: [], by: 'restart_at' }, signal))
      if (event.type === 'result') return event.result;
    throw new AppError('unreachable', 'the roll has no end');
  }

  async function run(): Promise<void> {
    for (let lookedAt = clock.now(); ;) {
      const now = clock.now();
      const { restartAt } = config().cluster;
      const isDue = restartAt !== null && isRestartDue(restartAt, lookedAt, now);
      lookedAt = now;
      if (isDue) await roll().catch((error: unknown) => complain(error, 'the roll of restart_at could not be told of'));
      await clock.sleep(POLL_MS, signal);
    }
  }

  const complain = (error: unknown, what: string): void => {
    if (!signal.aborted) log.error({ error }, what);
  };
  const running = run().catch((error: unknown) => complain(error, 'nobody rolls at restart_at any more'));

  return {
    async stop() {
      stopping.abort(new AppError('cancelled', 'the controller is stopping'));
      await running;
    },
  };
}
