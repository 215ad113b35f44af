import type { ClusterConfig } from '../config/cluster.js';
import type { ServiceReport } from '../../shared/model/check-report.js';
import type { RepairAttempt } from './repair-history.js';

/** What a repair decides by. */
export interface RepairSituation {
  readonly config: ClusterConfig;
  /** Of every service. */
  readonly reports: readonly ServiceReport[];
  /** Services whose trouble is more than one bad answer; null: one is enough. */
  readonly confirmed: ReadonlySet<string> | null;
  readonly attempts: readonly RepairAttempt[];
  /** Epoch ms. */
  readonly now: number;
  /** Names of those that may be touched; null: all. */
  readonly named: ReadonlySet<string> | null;
  /** Hosts whose agent does not answer, with why. */
  readonly away: ReadonlyMap<string, string>;
  /** Clients that somebody took out of the balancer by hand, with what to tell of it. */
  readonly held: ReadonlyMap<string, string>;
  /** Services that somebody stopped on purpose. */
  readonly stopped: ReadonlySet<string>;
}
