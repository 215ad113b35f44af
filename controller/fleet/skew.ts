import type { CheckReport } from '../../shared/model/check-report.js';
import type { HostStatus } from './fleet.js';

/** How far the clock of an agent is ahead of ours. */
export interface Skew {
  /** A heartbeat that was sent at `at` by the agent's clock has come at `now` by ours. */
  beat(at: number, now: number): void;
  /** null: not known. Never more than the time that a heartbeat takes on its way below the truth. */
  ms(): number | null;
}

/** By the last few heartbeats: each was on its way for a while, so the one that makes the least of it is nearest to the truth. */
export function createSkew(): Skew {
  let seen: readonly number[] = [];
  return {
    beat(at, now) {
      seen = [...seen, at - now].slice(-KEPT);
    },
    ms: () => (seen.length === 0 ? null : Math.max(...seen)),
  };
}

const KEPT = 4;

/** More than this is told: log times and incidents of the host would mislead. */
export const TOLERATED_SKEW_MS = 5_000;

/** Of the hosts that a report is about. */
export function skewWarnings(hosts: readonly HostStatus[], { services }: Pick<CheckReport, 'services'>): string[] {
  const about = new Set(services.map(({ host }) => host));
  return hosts.flatMap(({ host, connected, skewMs }) => {
    if (!about.has(host) || !connected || skewMs === null || Math.abs(skewMs) <= TOLERATED_SKEW_MS) return [];
    const [by, way] = [`${Math.round(Math.abs(skewMs) / 1000)} s`, skewMs > 0 ? 'ahead of' : 'behind'];
    return [`the clock of ${host} is ${by} ${way} the controller's: times in its logs mislead; is NTP running there? See: timedatectl`];
  });
}
