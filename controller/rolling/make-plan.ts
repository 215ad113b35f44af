import { AppError } from '../../shared/errors.js';
import type { RunRequest } from '../../shared/model/control-api.js';
import type { Measured } from '../../shared/model/observation.js';
import type { BatchSize, Client, ClusterConfig, Service } from '../config/cluster.js';
import { affordable, type ClientFacts, isServing } from './facts.js';
import type { PlannedBatch, RollPlan, RollPolicy } from './plan.js';
import { alone, clientSteps, drainOf, member } from './plan-members.js';
import { restartsOf } from './plan-restarts.js';

export interface PlanInput {
  readonly id: string;
  readonly at: number;
  readonly request: RunRequest;
  readonly config: ClusterConfig;
  /** What the selectors mean; null: everything. */
  readonly named: readonly Service[] | null;
  /** Every client of the cluster, named or not. */
  readonly clients: ReadonlyMap<string, ClientFacts>;
  /** ZEO servers and frontends: do they answer? */
  readonly answers: ReadonlyMap<string, Measured<object>>;
  /** The balancers that each change of a backend restarts. */
  readonly restarting: readonly string[];
  /** Clients that somebody took out of the balancer by hand, with what to tell of it. */
  readonly held: ReadonlyMap<string, string>;
}

/**
 * Decides what an operation will do, before anything is touched.
 * Errors: `precondition` if it would leave fewer than `min_active` clients in the balancer.
 */
export function makePlan(input: PlanInput): RollPlan {
  const { request, config, clients } = input;
  const chosen = clientsOf(input);
  const balanced = config.clients.filter((c) => standing(input, c) !== 'none');
  const guarded = request.action !== 'stop' && !request.force && balanced.length > 1;
  if (guarded) refuseBelowMinActive(input, chosen);
  const roots = request.action === 'stop' ? [] : rootsOf(input);
  const last = request.action === 'stop' ? rootsOf(input).reverse() : [];
  const batches = [...roots, ...poolsOf(input, chosen, guarded), ...last];
  // Where nobody serves, nothing is gained, and a Pound without any regular backend spins.
  const serving = [...clients.values()].some(isServing);
  const dead = config.clients.filter((c) => isDead(clients.get(c.spec.name)) && !chosen.includes(c));
  const takeOut = serving ? dead.map((c) => c.spec.name) : [];
  return {
    id: input.id,
    action: request.action,
    by: request.by,
    at: input.at,
    batches,
    takeOut,
    policy: {
      minActive: config.cluster.minActive,
      guarded,
      maxFail: request.maxFail ?? config.cluster.maxFail,
      deadlineMs: request.deadlineS === null ? null : request.deadlineS * 1000,
      ...watchOf(request),
    },
    ...(request.action === 'stop' ? {} : hooksOf(config)),
    warnings: [...warningsOf(input, chosen, balanced, roots), ...restartsOf(input.restarting, batches, takeOut)],
  };
}

function watchOf({ canary, canaryWaitS, minHealthyS }: RunRequest): Pick<RollPolicy, 'canary' | 'minHealthyMs'> {
  return {
    ...(canary === undefined ? {} : { canary: { clients: canary, waitMs: canaryWaitS === undefined ? null : canaryWaitS * 1000 } }),
    ...(minHealthyS === undefined ? {} : { minHealthyMs: minHealthyS * 1000 }),
  };
}

function hooksOf({ cluster: { hooks } }: ClusterConfig): Pick<RollPlan, 'hooks'> {
  const { beforeRoll, afterRoll, beforeClient, afterClient } = hooks;
  const all = { before_roll: beforeRoll, after_roll: afterRoll, before_client: beforeClient, after_client: afterClient };
  const given = Object.entries(all).filter(([, argv]) => argv !== null);
  return given.length === 0 ? {} : { hooks: Object.fromEntries(given) };
}

function clientsOf({ config, named }: PlanInput): Client[] {
  if (named === null) return [...config.clients];
  return config.clients.filter((client) => named.some((service) => service.spec.name === client.spec.name));
}

/**
 * ZEO servers first, then frontends and what else was named: those that do not answer are started, named ones are restarted; to be stopped
 * are the named ones, or all that have a manager.
 */
function rootsOf(input: PlanInput): PlannedBatch[] {
  const { config, named, request, answers } = input;
  const isClient = (s: Service) => config.clients.some((c) => c.spec.name === s.spec.name);
  // A ZEO server may be named as a frontend as well.
  const all = [...new Set([...config.services.values()].filter((s) => s.spec.type === 'ZeoServer').concat(config.frontends))];
  const extra = (named ?? []).filter((s) => !isClient(s) && !all.some((a) => a.spec.name === s.spec.name));
  return [...all, ...extra].flatMap((service): PlannedBatch[] => {
    const isNamed = named?.some((s) => s.spec.name === service.spec.name) ?? false;
    const answering = answers.get(service.spec.name)?.ok === true;
    if (request.action === 'stop') return isNamed || (named === null && service.spec.serviceName !== '') ? [alone(service, ['stop'])] : [];
    if (isNamed && answering) return [alone(service, ['stop', 'start', 'check'])];
    return answering ? [] : [alone(service, ['start', 'check'])];
  });
}

function poolsOf(input: PlanInput, chosen: readonly Client[], guarded: boolean): PlannedBatch[] {
  const { config, clients, request } = input;
  const drain = drainOf(config);
  const pools = [...new Set(chosen.map((c) => c.pool))].sort((a, b) => a - b);
  const spare = guarded ? Math.max(1, affordable(clients.values(), config.cluster.minActive)) : Infinity;
  const restarts = input.restarting.length > 0;
  return pools.flatMap((pool) => {
    const members = chosen.filter((c) => c.pool === pool);
    // Without a balancer nobody would notice a missing one: clients restart one after another.
    const balanced = members.some((c) => standing(input, c) !== 'none');
    const size = request.action === 'stop' ? members.length : balanced ? batchSize(request, config, members.length, restarts) : 1;
    return chunks(members, Math.min(size, spare)).map((batch) => ({
      pool,
      members: batch.map((c) => {
        const held = input.held.has(c.spec.name);
        const steps = clientSteps(request.action, standing(input, c), held);
        return { ...member(c, steps, drain), ...(held ? { held } : {}), ...(request.path === undefined ? {} : { path: request.path }) };
      }),
      ...(restarts ? { together: true } : {}),
    }));
  });
}

/** `--batch` as it is typed: a number, a percentage, `pool`, `auto`. Errors: `usage`. */
export function parseBatch(text: string): BatchSize {
  if (text === 'auto' || text === 'pool') return { kind: text };
  const match = /^([1-9]\d{0,5})(%?)$/.exec(text);
  if (match === null || (match[2] === '%' && Number(match[1]) > 100)) {
    throw new AppError('usage', `--batch ${text} is not a batch size`, {
      hint: 'a number of clients (2), a percentage (25%), pool, or auto',
    });
  }
  return match[2] === '%' ? { kind: 'percent', percent: Number(match[1]) } : { kind: 'count', count: Number(match[1]) };
}

function batchSize(request: RunRequest, config: ClusterConfig, poolSize: number, changesRestartBalancer: boolean): number {
  const batch = request.batch === null ? config.cluster.batch : parseBatch(request.batch);
  switch (batch.kind) {
    case 'auto':
      return changesRestartBalancer ? poolSize : 1;
    case 'pool':
      return poolSize;
    case 'count':
      return Math.min(batch.count, poolSize);
    case 'percent':
      return Math.max(1, Math.floor((poolSize * batch.percent) / 100));
  }
}

function refuseBelowMinActive({ clients, config }: PlanInput, chosen: readonly Client[]): void {
  const { minActive } = config.cluster;
  const healthy = chosen.filter((c) => isServing(clients.get(c.spec.name)));
  if (healthy.length === 0 || affordable(clients.values(), minActive) > 0) return;
  const serving = [...clients].filter(([, facts]) => isServing(facts)).map(([name]) => name);
  const missing = [...clients]
    .filter(([, facts]) => !isServing(facts) && facts.standing !== 'none')
    .map(([name, facts]) => `${name} (${describe(facts)})`);
  const dead = [...clients].filter(([, facts]) => isDead(facts)).map(([name]) => name);
  const still = missing.length === 0 ? '' : `; not serving: ${missing.join(', ')}`;
  throw new AppError(
    'precondition',
    `only ${serving.length} of ${clients.size} clients serve, taking one out would leave ${serving.length - 1}, and min_active is ${minActive}${still}`,
    {
      hint:
        dead.length > 0
          ? `start the dead ones first: ctl start ${dead.join(' ')} (or --force)`
          : 'wait until the others serve, lower min_active, or use --force',
    },
  );
}

function* warningsOf(
  input: PlanInput,
  chosen: readonly Client[],
  balanced: readonly Client[],
  roots: readonly PlannedBatch[],
): Generator<string> {
  const { request, config } = input;
  const hasBalancer = [...config.services.values()].some((s) => s.spec.balancer !== undefined);
  if (request.action === 'stop') return;
  if (!hasBalancer && chosen.length > 0)
    yield 'no balancer in this cluster: clients restart one after another, requests to them fail meanwhile';
  for (const client of hasBalancer ? chosen : []) {
    if (client.pool > 0 && standing(input, client) === 'none') {
      yield `${client.spec.name}: no balancer has a backend ${client.spec.ip}:${client.spec.port}; it restarts without being taken out`;
    }
  }
  if (balanced.length === 1 && chosen.some((c) => c === balanced[0] && isServing(input.clients.get(c.spec.name)))) {
    yield `${balanced[0]?.spec.name ?? ''} is the only client in the balancer: nobody answers while it restarts`;
  }
  for (const client of chosen) {
    const why = input.held.get(client.spec.name);
    if (why !== undefined) yield `${client.spec.name} ${why}: it stays out of the balancer`;
  }
  for (const { steps, name } of roots.flatMap((batch) => batch.members)) {
    const fails = config.services.get(name)?.spec.type === 'ZeoServer' ? 'requests that need it wait or fail' : 'requests to it fail';
    if (steps.includes('stop')) yield `${name} is restarted: ${fails} meanwhile`;
  }
  if (request.force) yield 'forced: clients are taken out whatever stays in the balancer';
}

const standing = (input: PlanInput, client: Client): ClientFacts['standing'] =>
  client.pool === 0 ? 'none' : (input.clients.get(client.spec.name)?.standing ?? 'unknown');
const isDead = (facts: ClientFacts | undefined): boolean => facts?.health === 'down' && ['in', 'dead'].includes(facts.standing);
const describe = (facts: ClientFacts): string =>
  facts.standing === 'in' ? facts.health : `${facts.standing} in the balancer, ${facts.health}`;

function chunks<T>(items: readonly T[], size: number): T[][] {
  const result: T[][] = [];
  for (let i = 0; i < items.length; i += size) result.push(items.slice(i, i + size));
  return result;
}
