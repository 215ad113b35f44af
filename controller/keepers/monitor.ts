import type { ClusterConfig, Service } from '../config/cluster.js';
import { HISTORY_MS, type History } from '../history/history.js';
import { linkSignals } from '../../shared/abort.js';
import type { Log } from '../../shared/log.js';
import type { Clock } from '../../shared/ports/clock.js';
import type { Round, Rounds } from '../monitor/rounds.js';
import { type Keeper, startKeeper } from './keeper.js';

export interface MonitorDeps {
  readonly config: () => ClusterConfig;
  readonly rounds: Pick<Rounds, 'measure'>;
  readonly history: Pick<History, 'prune'>;
  /** Repairs what is critical, where `action` says so; called after a round, never twice at a time. It can take longer than a round. */
  readonly repair: (round: Round, signal: AbortSignal) => Promise<void>;
  readonly clock: Clock;
  readonly log: Log;
}

/** No round takes so long: what it waits for is bounded. */
const ROUND_MS = 600_000;
/** How soon a monitor that is switched on in cluster.ini begins. */
const OFF_MS = 5_000;
const PRUNE_MS = 3_600_000;

/**
 * Looks after the cluster: a round every `[monitor] interval`, and a repair after it where `action` says so. One that takes longer than the
 * interval delays the next, and no two run at a time.
 */
export function startMonitor({ config, rounds, history, repair, clock, log }: MonitorDeps): Keeper {
  let repairing: Promise<void> | null = null;
  let prunedAt = -Infinity;

  async function step(signal: AbortSignal): Promise<number> {
    const { intervalMs } = config().monitor;
    if (intervalMs === 0) return OFF_MS;
    const began = clock.now();
    await survive('a round of the monitor', () => look(signal), signal);
    const took = clock.now() - began;
    if (took > intervalMs)
      log.warn({ ms: Math.round(took) }, `a round took ${seconds(took)}, longer than [monitor] interval (${seconds(intervalMs)})`);
    return Math.max(0, intervalMs - took);
  }

  async function look(signal: AbortSignal): Promise<void> {
    using bound = linkSignals([signal], ROUND_MS, 'a round of the monitor');
    const round = await rounds.measure(inOrder(config()), { path: '', by: 'monitor', signal: bound.signal });
    for (const complaint of round.complaints) log.error(complaint);
    repairing ??= survive('a repair', () => repair(round, signal), signal).finally(() => {
      repairing = null;
    });
    if (clock.now() - prunedAt < PRUNE_MS) return;
    prunedAt = clock.now();
    await history.prune(clock.now() - HISTORY_MS);
  }

  /** What fails is logged; the next round is another chance. */
  async function survive(what: string, work: () => Promise<void>, signal: AbortSignal): Promise<void> {
    try {
      await work();
    } catch (error) {
      if (!signal.aborted) log.error({ error }, `${what} failed`);
    }
  }

  const keeper = startKeeper(step, { clock, log, complaint: 'nobody looks after the cluster any more' });
  return {
    async stop() {
      await keeper.stop();
      await repairing;
    },
  };
}

/** The root first: so it stands in mails, too. */
const inOrder = ({ services }: ClusterConfig): Service[] => [...services.values()].sort((a, b) => rank(a) - rank(b));
const rank = ({ spec }: Service): number => (spec.type === 'ZeoServer' ? 0 : spec.type === 'ZeoClient' ? 2 : 1);

const seconds = (ms: number) => `${Math.round(ms / 1000)} s`;
