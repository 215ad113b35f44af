import { hostname } from 'node:os';
import { join } from 'node:path';
import { audited, endOf, openAudit } from './actions/audit.js';
import { type BalancerActions, createBalancerActions } from './actions/balancer.js';
import { check } from './actions/check.js';
import { endHolds, startHoldKeeper } from './actions/hold-keeper.js';
import { describeHold, isOver, openHolds } from './actions/holds.js';
import { openLastSeen } from './actions/last-seen.js';
import { listIncidents } from './actions/incidents.js';
import { createLockActions } from './actions/lock.js';
import { searchLogs } from './actions/log.js';
import { createMailActions } from './actions/mail.js';
import { tellActed } from './actions/acted.js';
import { measureMemory } from './actions/mem.js';
import { createOperations, type Operations } from './actions/operations.js';
import { perf } from './actions/perf.js';
import { createRepairs } from './actions/repairs.js';
import { startRestartKeeper } from './actions/restart-keeper.js';
import { startRotateKeeper } from './actions/rotate-keeper.js';
import { status } from './actions/status.js';
import { createControlService } from './api/control-service.js';
import { createChecks } from './checks/runner.js';
import { observeBalancers } from './checks/standings.js';
import type { ClusterConfig } from './config/cluster.js';
import { selectServices } from './config/select.js';
import type { ConfigSource } from './config/source.js';
import { identityFolder } from './identity/authority.js';
import { openIdentity } from './identity/identity.js';
import { createVersions } from './fleet/versions.js';
import { createLinks } from './fleet/links.js';
import { createOneHostFleet, type OneHost } from './fleet/one-host.js';
import { skewWarnings } from './fleet/skew.js';
import { openTakeOnce } from './fleet/take-once.js';
import { createHistory, historyOf } from './history/history.js';
import type { Observation } from './incidents/observation.js';
import { createCare } from './monitor/care.js';
import { startMonitor } from './monitor/monitor.js';
import { startNotifier, STOP_MS } from './notify/notifier.js';
import { withQuietCalls } from './notify/quiet-calls.js';
import { createPerfLog, withWarmUpTimes } from './perf/perf-log.js';
import { openJournalStore } from './rolling/journal.js';
import { acquireLock } from './rolling/lock.js';
import type { RollWorld } from './rolling/observe.js';
import { AppError } from '../shared/errors.js';
import type { Lifecycle } from '../shared/lifecycle.js';
import type { Log } from '../shared/log.js';
import type { CheckReport } from '../shared/model/check-report.js';
import type { ControlApi } from '../shared/model/control-api.js';
import type { WallClock } from '../shared/ports/clock.js';
import { makeFolder } from '../shared/ports/files.js';
import { identifyProcess } from '../shared/ports/process-identity.js';
import { type Address, parseAddress } from '../shared/rpc/address.js';
import { createRpcServer } from '../shared/rpc/server.js';

/** For the state of a balancer. */
const BALANCER_MS = 5_000;

export interface ControllerOptions {
  readonly source: ConfigSource;
  /** Where to listen: `[controller] address`, or a socket of our own in embedded mode. */
  readonly address: string;
  readonly version: string;
  /** Who owns the state_dir, as others read it in its lock. */
  readonly owner: { readonly what: string; readonly by: string };
  /** Embedded mode: the one agent that there is. An unfinished operation is then left to the operator. */
  readonly embedded: OneHost | null;
}

export interface ControllerDeps {
  readonly clock: WallClock;
  readonly log: Log;
  readonly lifecycle: Lifecycle;
}

export interface Controller {
  readonly api: ControlApi;
  /** Where it listens, with the real port. */
  readonly address: Address;
  /** Lets clients in whose time out of the balancer is over: for one that does not stay to see to it. */
  endHolds(signal: AbortSignal): Promise<void>;
}

/**
 * A controller that serves when this resolves; it ends with the lifecycle.
 * Errors: `conflict` (another controller owns the state_dir, or the address), `config`, `failed` (a state file that cannot be read).
 */
export async function startController({ clock, log, lifecycle }: ControllerDeps, options: ControllerOptions): Promise<Controller> {
  const { source, version, embedded } = options;
  const config = source.current();
  const { stateDir, heartbeatMs } = config.controller;
  const lock = { identify: identifyProcess };
  await makeFolder(stateDir);
  const owned = await acquireLock(lockOf(config), options.owner, lock);
  lifecycle.onShutdown('state_dir', () => owned.release());

  const audit = openAudit(stateDir, clock);
  lifecycle.onShutdown('audit', async () => audit.close());
  const notifier = await startNotifier(
    { config: () => source.current(), clock, log },
    // A controller that stays mails what it monitors; a single action, since there is none, what it finds.
    { host: hostname(), single: embedded !== null },
  );
  lifecycle.onShutdown('mail', () => notifier.stop(), STOP_MS);

  const told = await openTakeOnce(join(stateDir, 'agent-events.jsonl'), (host, events) => care.hear(host, events));
  lifecycle.onShutdown('agent events', () => told.close());
  const links = createLinks({ clock, log, heartbeatMs, version, takeEvents: told.take });
  const fleet = embedded === null ? links : createOneHostFleet(links, embedded);
  const versions = createVersions(source, fleet);
  const holds = await openHolds(join(stateDir, 'holds.json'));
  const perfLog = createPerfLog({ config: () => source.current(), clock });
  const world: RollWorld = {
    config: () => versions.operating(),
    fleet,
    checks: withWarmUpTimes(createChecks({ config: () => versions.operating(), fleet, clock }), perfLog, log),
    clock,
    held: (now) => new Map(holds.all().flatMap((hold) => (isOver(hold, now) ? [] : [[hold.service, describeHold(hold)]]))),
    balancers: (signal) => observeBalancers(versions.operating(), fleet, { timeoutMs: BALANCER_MS, signal }),
  };
  const locked = async (what: string, by: string) => versions.heldBy(await acquireLock(source.current().lockFile, { what, by }, lock));
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
  const checks = createChecks({ config: () => source.current(), fleet, clock });
  const lastSeen = await openLastSeen(join(stateDir, 'last-seen.json'));
  const history = createHistory({ path: historyOf(stateDir), create: true });
  lifecycle.onShutdown('history', () => history.close());
  const care = createCare({
    config: () => source.current(),
    checks,
    operations,
    lastSeen,
    history,
    perf: perfLog,
    clock,
    log,
    notifier,
  });
  // What lasts is known before the first agent tells anything; a single action opens it only for what it has to keep.
  if (embedded === null) await care.incidents();
  const seen = { select: selectIn(source), lastSeen, clock };
  const warned = (report: CheckReport): CheckReport => ({
    ...report,
    warnings: [...source.warnings(), ...skewWarnings(fleet.hosts(), report), ...report.warnings],
  });
  const balancer = createBalancerActions({
    world,
    select: (selectors) => selectServices(source.current(), selectors),
    holds,
    lock: locked,
    log,
  });
  const calls = createControlApi(operations, balancer, {
    check: async (request, signal) => warned(await check({ ...seen, rounds: care, hosts: () => fleet.hosts() }, request, signal)),
    status: async (request) => warned(status(seen, request)),
    incidents: (request) => listIncidents({ ...seen, history }, request),
    ...createLockActions(() => source.current(), lock),
    ...createMailActions(() => source.current(), clock),
    mails: async () => notifier.report(),
    memory: (request, signal) =>
      measureMemory({ select: selectClientsIn(source), fleet, samples: history.samples, clock }, request, signal),
    perf: (request, signal) => perf({ config: () => source.current(), select: selectIn(source), clock }, request, signal),
    diffConfig: () => source.diff(),
    log: (request, signal) => searchLogs({ select: selectClientsIn(source), fleet }, request, signal),
  });
  const api = audited(withQuietCalls(calls, notifier), audit);

  const address = parseAddress(options.address);
  const observe = async (observation: Observation) =>
    (await care.incidents()).observe(observation, { failures: 1, recoveries: 1, busyRounds: 1 });
  const identity =
    address.kind === 'unix' ? null : await openIdentity({ clock, log, observe }, { folder: identityFolder(stateDir), host: address.host });
  if (identity !== null) lifecycle.onShutdown('identity', () => identity.stop());
  const services = [links.service, createControlService(api), ...(identity === null ? [] : [identity.service])];
  const server = createRpcServer({ log }, { address, services, certified: identity?.certificates });
  lifecycle.onShutdown('links', () => links.stop());
  lifecycle.onShutdown('server', () => server.stop());
  // Ends before they do: whoever follows it is told, and the next controller takes it up again.
  lifecycle.onShutdown('operation', () => operations.stop());
  // Before anybody can ask: an operation that was left unfinished is never seen as one that nobody carries out. Its agents come as they dial.
  await operations.recover();
  await server.start();
  if (embedded === null) {
    const keeper = startHoldKeeper({ holds, actions: balancer, clock, log });
    lifecycle.onShutdown('holds', () => keeper.stop());
    const rotations = startRotateKeeper({ config: () => source.current(), fleet, operations, clock, log });
    lifecycle.onShutdown('rotations', () => rotations.stop());
    const restarts = startRestartKeeper({
      config: () => source.current(),
      checks,
      operations,
      incidents: () => care.incidents(),
      clock,
      log,
    });
    lifecycle.onShutdown('restart_at', () => restarts.stop());
    const repair = createRepairs({ operations, incidents: () => care.incidents(), log });
    const monitor = startMonitor({ config: () => source.current(), rounds: care, history, repair, clock, log });
    lifecycle.onShutdown('monitor', () => monitor.stop());
  }
  log.info({ config: config.path, clients: config.clients.length }, 'ctl-controller is ready');
  const ending = { holds, actions: balancer, clock, log };
  return { api, address: server.address(), endHolds: (signal) => endHolds(ending, new Map(), signal) };
}

const createControlApi = (
  operations: Operations,
  balancer: BalancerActions,
  reads: Omit<ControlApi, keyof Operations | keyof BalancerActions>,
): ControlApi => ({
  ...reads,
  plan: (request, signal) => operations.plan(request, signal),
  run: (request, signal) => operations.run(request, signal),
  operations: (signal) => operations.operations(signal),
  events: (id, options, signal) => operations.events(id, options, signal),
  resume: (id, by, signal) => operations.resume(id, by, signal),
  halt: (id, how, by, signal) => operations.halt(id, how, by, signal),
  balancers: (signal) => balancer.balancers(signal),
  setBackends: (request, signal) => balancer.setBackends(request, signal),
});

/** The services that selectors name: frontends and clients for none. Throws `usage` for an unknown name. */
export const selectIn = (source: Pick<ConfigSource, 'current'>) => (selectors: readonly string[]) => {
  const config = source.current();
  return selectors.length === 0 ? [...config.frontends, ...config.clients] : selectServices(config, selectors);
};

/** The same; clients for none. */
const selectClientsIn = (source: Pick<ConfigSource, 'current'>) => (selectors: readonly string[]) => {
  const config = source.current();
  return selectors.length === 0 ? config.clients : selectServices(config, selectors);
};

/** The lock of whoever owns the state_dir. */
export const lockOf = (config: ClusterConfig): string => join(config.controller.stateDir, 'controller.lock');

/** Where a controller that is started by hand listens. Errors: `config`. */
export function addressOf(config: ClusterConfig): string {
  if (config.controller.address !== null) return config.controller.address;
  throw new AppError('config', `${config.path} has no [controller] address`, { hint: 'add it, for example: address = 127.0.0.1:7400' });
}
