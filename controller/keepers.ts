import { startHoldKeeper } from './actions/hold-keeper.js';
import { createRepairs } from './actions/repairs.js';
import { startRestartKeeper } from './actions/restart-keeper.js';
import { startRotateKeeper } from './actions/rotate-keeper.js';
import type { ConfigSource } from './config/source.js';
import { startMonitor } from './monitor/monitor.js';
import type { Parts, PartsDeps } from './parts.js';

/** What a controller that stays does by itself: ends what was taken out for a time, rotates, restarts, monitors. They end with the lifecycle. */
export function startKeepers(parts: Parts, deps: Omit<PartsDeps, 'lock'>, source: ConfigSource): void {
  const { fleet, holds, operations, balancer, checks, history, care } = parts;
  const { clock, log, lifecycle } = deps;
  const config = () => source.current();
  const incidents = () => care.incidents();
  const keep = (name: string, keeper: { stop(): Promise<void> }) => lifecycle.onShutdown(name, () => keeper.stop());
  keep('holds', startHoldKeeper({ holds, actions: balancer, clock, log }));
  keep('rotations', startRotateKeeper({ config, fleet, operations, clock, log }));
  keep('restart_at', startRestartKeeper({ config, checks, operations, incidents, clock, log }));
  const repair = createRepairs({ operations, incidents, log });
  keep('monitor', startMonitor({ config, rounds: care, history, repair, clock, log }));
}
