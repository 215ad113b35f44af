import type { ConfigSource } from '../config/source.js';
import type { Parts, PartsDeps } from '../parts.js';
import { startHoldKeeper } from './hold-keeper.js';
import type { Keeper } from './keeper.js';
import { startMonitor } from './monitor.js';
import { createRepairs } from './repairs.js';
import { startRestartKeeper } from './restart-keeper.js';
import { startRotateKeeper } from './rotate-keeper.js';

/** What a controller that stays does by itself: ends what was taken out for a time, rotates, restarts, monitors. They end with the lifecycle. */
export function startKeepers(parts: Parts, deps: Omit<PartsDeps, 'lock'>, source: ConfigSource): void {
  const { fleet, holds, operations, balancer, checks, history, care } = parts;
  const { clock, log, lifecycle } = deps;
  const config = () => source.current();
  const incidents = () => care.incidents();
  const keep = (name: string, keeper: Keeper) => lifecycle.onShutdown(name, () => keeper.stop());
  keep('holds', startHoldKeeper({ holds, actions: balancer, clock, log }));
  keep('rotations', startRotateKeeper({ config, fleet, operations, clock, log }));
  keep('restart_at', startRestartKeeper({ config, checks, operations, incidents, clock, log }));
  const repair = createRepairs({ config, operations, incidents, holds, log });
  keep('monitor', startMonitor({ config, rounds: care, history, repair, clock, log }));
}
