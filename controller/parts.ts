import { hostname } from 'node:os';
import { join } from 'node:path';
import { tellActed } from './actions/acted.js';
import { type Audit, endOf, openAudit } from './actions/audit.js';
import { type BalancerActions, createBalancerActions } from './actions/balancer.js';
import { describeHold, type Holds, isOver, openHolds } from './actions/holds.js';
import { type LastSeen, openLastSeen } from './actions/last-seen.js';
import { createOperations, type Operations } from './actions/operations.js';
import { type Checks, createChecks } from './checks/runner.js';
import { observeBalancers } from './checks/standings.js';
import { selectServices } from './config/select.js';
import type { ConfigSource } from './config/source.js';
import type { Fleet } from './fleet/fleet.js';
import { createLinks, type Links } from './fleet/links.js';
import { createOneHostFleet, type OneHost } from './fleet/one-host.js';
import { openTakeOnce } from './fleet/take-once.js';
import { createVersions } from './fleet/versions.js';
import { createHistory, type History, historyOf } from './history/history.js';
import { type Care, createCare } from './monitor/care.js';
import { type Notifier, startNotifier, STOP_MS } from './notify/notifier.js';
import { createPerfLog, withWarmUpTimes } from './perf/perf-log.js';
import { openJournalStore } from './rolling/journal.js';
import { acquireLock, type LockDeps } from './rolling/lock.js';
import type { RollWorld } from './rolling/observe.js';
import type { Lifecycle } from '../shared/lifecycle.js';
import type { Log } from '../shared/log.js';
import type { WallClock } from '../shared/ports/clock.js';

/** For the state of a balancer. */
const BALANCER_MS = 5_000;

export interface PartsDeps {
  readonly clock: WallClock;
  readonly log: Log;
  readonly lifecycle: Lifecycle;
  readonly lock: LockDeps;
}

export interface PartsOptions {
  readonly source: ConfigSource;
  readonly version: string;
  /** Embedded mode: the one agent that there is. An unfinished operation is then left to the operator. */
  readonly embedded: OneHost | null;
}

/** What a controller is made of, before anybody can ask it. */
export interface Parts {
  readonly audit: Audit;
  readonly notifier: Notifier;
  readonly links: Links;
  readonly fleet: Fleet;
  readonly holds: Holds;
  readonly operations: Operations;
  readonly balancer: BalancerActions;
  readonly checks: Checks;
  readonly lastSeen: LastSeen;
  readonly history: History;
  readonly care: Care;
}

/** Opens what is kept in the state_dir, and puts the parts together; they end with the lifecycle. Errors: `failed` (a file that cannot be read). */
export async function openParts({ clock, log, lifecycle, lock }: PartsDeps, options: PartsOptions): Promise<Parts> {
  const { source, version, embedded } = options;
  const config = () => source.current();
  const { stateDir, heartbeatMs } = config().controller;

  const audit = openAudit(stateDir, clock);
  lifecycle.onShutdown('audit', async () => audit.close());
  // A controller that stays mails what it monitors; a single action, since there is none, what it finds.
  const notifier = await startNotifier({ config, clock, log }, { host: hostname(), single: embedded !== null });
  lifecycle.onShutdown('mail', () => notifier.stop(), STOP_MS);
  const told = await openTakeOnce(join(stateDir, 'agent-events.jsonl'), (host, events) => care.hear(host, events));
  lifecycle.onShutdown('agent events', () => told.close());

  const links = createLinks({ clock, log, heartbeatMs, version, takeEvents: told.take });
  const fleet = embedded === null ? links : createOneHostFleet(links, embedded);
  const versions = createVersions(source, fleet);
  const holds = await openHolds(join(stateDir, 'holds.json'));
  const perf = createPerfLog({ config, clock });
  const world: RollWorld = {
    config: () => versions.operating(),
    fleet,
    checks: withWarmUpTimes(createChecks({ config: () => versions.operating(), fleet, clock }), perf, log),
    clock,
    held: (now) => new Map(holds.all().flatMap((hold) => (isOver(hold, now) ? [] : [[hold.service, describeHold(hold)]]))),
    balancers: (signal) => observeBalancers(versions.operating(), fleet, { timeoutMs: BALANCER_MS, signal }),
  };
  const locked = async (what: string, by: string) => versions.heldBy(await acquireLock(config().lockFile, { what, by }, lock));
  const operations = createOperations({
    world,
    journals: await openJournalStore(stateDir),
    lock: locked,
    log,
    resumesByItself: embedded === null,
    async ended(result, by) {
      audit.note(endOf(result, by));
      await tellActed(() => care.incidents(), result);
    },
  });
  const balancer = createBalancerActions({
    world,
    select: (selectors) => selectServices(config(), selectors),
    holds,
    lock: locked,
    log,
  });

  const checks = createChecks({ config, fleet, clock });
  const lastSeen = await openLastSeen(join(stateDir, 'last-seen.json'));
  const history = createHistory({ path: historyOf(stateDir), create: true });
  lifecycle.onShutdown('history', () => history.close());
  const care = createCare({ config, checks, operations, lastSeen, history, perf, clock, log, notifier, hosts: () => fleet.hosts() });
  // What lasts is known before the first agent tells anything; a single action opens it only for what it has to keep.
  if (embedded === null) await care.incidents();
  return { audit, notifier, links, fleet, holds, operations, balancer, checks, lastSeen, history, care };
}
