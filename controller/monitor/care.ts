import type { LastSeen } from '../actions/last-seen.js';
import type { Operations } from '../actions/operations.js';
import type { Checks } from '../checks/runner.js';
import type { ClusterConfig } from '../config/cluster.js';
import type { HostStatus } from '../fleet/fleet.js';
import type { History } from '../history/history.js';
import { type Incidents, openIncidents } from '../incidents/incidents.js';
import type { Notifier } from '../notify/notifier.js';
import type { Log } from '../../shared/log.js';
import type { Clock } from '../../shared/ports/clock.js';
import type { PerfLog } from '../perf/perf-log.js';
import { darkHosts } from './dark-hosts.js';
import { createRounds, type Rounds } from './rounds.js';

export interface CareDeps {
  readonly config: () => ClusterConfig;
  readonly checks: Pick<Checks, 'report'>;
  readonly operations: Pick<Operations, 'working' | 'stopped'>;
  readonly lastSeen: LastSeen;
  readonly history: History;
  readonly perf: Pick<PerfLog, 'checked'>;
  readonly clock: Clock;
  readonly log: Log;
  readonly notifier: Pick<Notifier, 'tell'>;
  readonly hosts: () => readonly HostStatus[];
}

export interface Care extends Rounds {
  /** The trouble of the cluster. Errors: `failed`, for a history that cannot be read. */
  incidents(): Promise<Incidents>;
}

/** What is seen of the cluster, from the checks and the agents to the history and the mails. Opens the history with the first of it. */
export function createCare({ config, clock, log, history, notifier, hosts, ...deps }: CareDeps): Care {
  const openedAt = clock.now();
  let opening: Promise<Incidents> | null = null;
  const incidents = () =>
    (opening ??= openIncidents({ history, clock, log, notifier: () => notifier }).catch((error: unknown) => {
      // Whoever mends the file needs no restart.
      opening = null;
      throw error;
    }));
  const dark = () => {
    const { services, controller } = config();
    const known = new Set([...services.values()].map(({ host }) => host));
    return darkHosts(hosts(), known, { openedAt, heartbeatMs: controller.heartbeatMs, now: clock.now() });
  };
  return { ...createRounds({ ...deps, config, history, incidents, dark }), incidents };
}
