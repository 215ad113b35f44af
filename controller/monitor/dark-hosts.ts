import type { HostStatus } from '../fleet/fleet.js';
import type { DarkHost } from '../incidents/observation.js';

export interface Patience {
  /** Since when agents can be heard at all, epoch ms: they need a moment to dial a controller that has just started. */
  readonly openedAt: number;
  readonly heartbeatMs: number;
  readonly now: number;
}

/** Heartbeats missed until a host counts as unknown. */
const MISSED = 3;

/** Hosts with services whose agent has gone dark. Pure. */
export function darkHosts(hosts: readonly HostStatus[], known: ReadonlySet<string>, { openedAt, heartbeatMs, now }: Patience): DarkHost[] {
  return hosts.flatMap(({ host, connected, lastSeen }) => {
    const silentMs = now - Math.max(lastSeen ?? openedAt, openedAt);
    return connected || !known.has(host) || silentMs < MISSED * heartbeatMs ? [] : [{ host, silentMs }];
  });
}
