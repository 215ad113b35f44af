import { inParallel } from '../../shared/in-parallel.js';
import { type BalancerStates, describeStanding } from '../checks/standings.js';
import type { Client, Service } from '../config/cluster.js';
import { type ClientFacts, isServing } from '../rolling/facts.js';
import { operationId } from '../rolling/journal.js';
import type { Lease } from '../rolling/lock.js';
import { isClient, observeClients, type RollWorld } from '../rolling/observe.js';
import { orderBalancers } from '../rolling/order-balancers.js';
import { AppError } from '../../shared/errors.js';
import type { Log } from '../../shared/log.js';
import type { BalancerReport } from '../../shared/model/balancer-report.js';
import type { BackendsRequest, ControlApi } from '../../shared/model/control-api.js';
import { addressOf } from '../../shared/model/service.js';
import { reportBalancers } from './balancer-report.js';
import type { Holds } from './holds.js';

export interface BalancerActionDeps {
  readonly world: RollWorld;
  /** The services that selectors name. Throws `usage` for an unknown name. */
  readonly select: (selectors: readonly string[]) => readonly Service[];
  readonly holds: Holds;
  /** The lock of all that changes the cluster. */
  readonly lock: (what: string, by: string) => Promise<Lease>;
  readonly log: Log;
}

export type BalancerActions = Pick<ControlApi, 'balancers' | 'setBackends'>;

/** `ctl balancer`: what the balancers say, and who is in and out by hand. */
export function createBalancerActions(deps: BalancerActionDeps): BalancerActions {
  const { world, holds, log } = deps;

  const report = (states: BalancerStates) => reportBalancers(world.config(), states, holds.all(), world.clock.now());

  async function change(request: BackendsRequest, clients: readonly Client[], lease: Lease, signal: AbortSignal): Promise<BalancerReport> {
    const before = await world.balancers(signal);
    refuseUnreadable(before, clients);
    const facts = await observeClients(world, signal);
    if (!request.force && request.wanted === 'out') refuseBelowMinActive(world.config().cluster.minActive, clients, facts);
    if (!request.force && request.wanted === 'in') refuseUnanswering(clients, facts);
    const names = clients.map((client) => client.spec.name);
    const order = async () => {
      await lease.confirm();
      await orderAll(request.wanted, clients, before, signal);
    };
    if (request.wanted === 'in') {
      await order();
      await holds.drop(names);
    } else await holdWhile(request, names, order);
    log.info({ clients: names, wanted: request.wanted, by: request.by, reason: request.reason }, `balancer: ${request.wanted} by hand`);
    const after = await world.balancers(signal);
    return { ...report(after), notes: clients.flatMap((client) => sessionNotes(client, before, after)) };
  }

  /** It is noted first, so that a roll which begins after a crash leaves them out; what could not be done is not noted. */
  async function holdWhile(request: BackendsRequest, names: readonly string[], order: () => Promise<void>): Promise<void> {
    const since = world.clock.now();
    const until = request.forS === null ? null : since + request.forS * 1000;
    const earlier = holds.all().filter((hold) => names.includes(hold.service));
    await holds.put(names.map((service) => ({ service, by: request.by, reason: request.reason, since, until })));
    try {
      await order();
    } catch (error) {
      await holds.drop(names);
      await holds.put(earlier);
      throw error;
    }
  }

  /** All at once: a balancer that restarts for it does so once. */
  async function orderAll(wanted: 'in' | 'out', clients: readonly Client[], seen: BalancerStates, signal: AbortSignal): Promise<void> {
    const id = `balancer-${operationId(world.clock.now(), Math.random())}`;
    await inParallel(clients, clients.length, (service) =>
      orderBalancers(world, seen, { service, wanted, id: `${id}/${service.spec.name}` }, signal),
    );
  }

  return {
    async balancers(signal) {
      return { ...report(await world.balancers(signal)), notes: [] };
    },
    async setBackends(request, signal) {
      const clients = clientsOf(request, deps.select);
      const lease = await deps.lock(`balancer ${request.wanted} ${clients.map((c) => c.spec.name).join(', ')}`, request.by);
      try {
        return await change(request, clients, lease, signal);
      } finally {
        await lease.release();
      }
    },
  };
}

function clientsOf({ wanted, selectors }: BackendsRequest, select: BalancerActionDeps['select']): readonly Client[] {
  if (selectors.length === 0)
    throw new AppError('usage', `balancer ${wanted}: which client?`, { hint: '`ctl balancer status` names them' });
  const services = select(selectors);
  const other = services.find((service) => !isClient(service));
  if (other !== undefined) {
    throw new AppError('usage', `${other.spec.name} is a ${other.spec.type}: only clients of a pool stand in a balancer`, {
      hint: '`ctl balancer status` names them',
    });
  }
  return services.filter(isClient);
}

function refuseUnreadable(states: BalancerStates, clients: readonly Client[]): void {
  if (states.size === 0) throw new AppError('precondition', 'there is no balancer in cluster.ini');
  for (const [name, state] of states) {
    if (!state.ok)
      throw new AppError('unreachable', `the state of the balancer ${name} cannot be read: ${state.why}`, { hint: 'nothing was done' });
  }
  const unknown = clients.find((client) => describeStanding(states, client).standing === 'none');
  if (unknown === undefined) return;
  throw new AppError('not-found', `no balancer has a backend ${addressOf(unknown.spec)} (${unknown.spec.name})`, {
    hint: '`ctl balancer status` shows what they have',
  });
}

function refuseBelowMinActive(minActive: number, clients: readonly Client[], facts: ReadonlyMap<string, ClientFacts>): void {
  const serving = [...facts].filter(([, one]) => isServing(one)).map(([name]) => name);
  const leaving = clients.filter((client) => serving.includes(client.spec.name));
  const left = serving.length - leaving.length;
  // Without any, the site is down, whatever min_active says.
  if (leaving.length === 0 || left >= Math.max(1, minActive)) return;
  throw new AppError(
    'precondition',
    `${serving.length} of ${facts.size} clients serve; without ${leaving.map((c) => c.spec.name).join(', ')} it would be ${left}, and min_active is ${minActive}`,
    { hint: '--force does it all the same' },
  );
}

function refuseUnanswering(clients: readonly Client[], facts: ReadonlyMap<string, ClientFacts>): void {
  const bad = clients.flatMap(({ spec: { name } }) => {
    const health = facts.get(name)?.health ?? 'unknown';
    return health === 'passing' ? [] : [`${name} (${health})`];
  });
  if (bad.length === 0) return;
  throw new AppError('precondition', `it does not answer well: ${bad.join(', ')}`, {
    hint: 'look at it by `ctl check`, or let it in all the same: --force',
  });
}

/** Of visitors who were bound to a client that went out. */
function sessionNotes({ spec }: Client, before: BalancerStates, after: BalancerStates): string[] {
  const had = sessionsAt(before, addressOf(spec));
  const has = sessionsAt(after, addressOf(spec));
  if (had === null || has === null || had === 0) return [];
  const left = has === 0 ? '' : `, ${has} stay bound to it until they expire`;
  return had > has || has > 0 ? [`${spec.name}: ${Math.max(0, had - has)} sticky sessions deleted${left}`] : [];
}

/** null: no balancer tells. */
function sessionsAt(states: BalancerStates, address: string): number | null {
  const counts = [...states.values()].flatMap((state) => (state.ok ? state.backends.filter((b) => b.address === address) : []));
  const told = counts.flatMap(({ sessions }) => (sessions === null ? [] : [sessions]));
  return told.length === 0 ? null : told.reduce((sum, n) => sum + n, 0);
}
