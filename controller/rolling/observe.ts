import { askAgent } from '../checks/ask-agent.js';
import { inParallel } from '../../shared/in-parallel.js';
import type { HttpOutcome } from '../../shared/model/probe.js';
import type { Checks } from '../checks/runner.js';
import { type BalancerStates, describeStanding } from '../checks/standings.js';
import { balancersOf, type Client, type ClusterConfig, type Service } from '../config/cluster.js';
import type { Fleet } from '../fleet/fleet.js';
import { AppError } from '../../shared/errors.js';
import type { Standing } from '../../shared/model/balancer.js';
import { unmeasured } from '../../shared/model/observation.js';
import { addressOf } from '../../shared/model/service.js';
import type { Clock } from '../../shared/ports/clock.js';
import type { ClientFacts, MemberFacts } from './facts.js';
import type { MemberProgress } from './progress.js';

/** What the rolling core sees and moves. */
export interface RollWorld {
  readonly config: () => ClusterConfig;
  readonly fleet: Fleet;
  readonly checks: Pick<Checks, 'answers' | 'health' | 'warm' | 'report'>;
  readonly clock: Clock;
  /** Clients that somebody took out of the balancer by hand, for as long as that lasts, with what to tell of it. */
  held(now: number): ReadonlyMap<string, string>;
  /** What every balancer says now. Rejects only when its signal aborts. */
  balancers(signal: AbortSignal): Promise<BalancerStates>;
}

/** For a question to an agent. */
export const ASK_MS = 5_000;
const PROBES_AT_ONCE = 16;
/** The last probe of a client that starts must be able to succeed. */
const LAST_PROBE_MS = 1_000;

/** Every client: how it stands in the balancers and how it answers, each asked once. */
export async function observeClients(world: RollWorld, signal: AbortSignal): Promise<Map<string, ClientFacts>> {
  const config = world.config();
  const balancers = world.balancers(signal);
  const facts = inParallel(config.clients, PROBES_AT_ONCE, async (client): Promise<[string, ClientFacts]> => {
    const health = await world.checks.health(client, { timeoutMs: client.timeoutMs, signal });
    const states = await balancers;
    const standing = standingIn(states, client);
    return [client.spec.name, { standing, health: healthOf(health), ...(isDrift(standing, states) ? { drift: true } : {}) }];
  });
  await balancers;
  return new Map(await facts);
}

function healthOf(answer: HttpOutcome): ClientFacts['health'] {
  if (answer.ok) return 'passing';
  if (answer.fault === 'no-connection') return 'down';
  // Late is busy as well as stuck: it may be serving others.
  return answer.fault === 'unmeasurable' || answer.fault === 'late' ? 'unknown' : 'failing';
}

const NOT_LOOKED_AT = unmeasured('not looked at');

/** Measures what the step in hand decides by, all at once, and nothing else. */
export async function observeMember(
  world: RollWorld,
  member: MemberProgress,
  remainingMs: number,
  signal: AbortSignal,
): Promise<MemberFacts> {
  const { fleet, checks } = world;
  const { name } = member.planned;
  const service = world.config().services.get(name);
  if (service === undefined) return notInFile(name);
  const { step } = member;
  const ask = { timeoutMs: ASK_MS, signal };
  const looksAt = (...steps: (typeof step)[]) => steps.includes(step);

  const [balancers, connections, process, health] = await Promise.all([
    looksAt('out', 'drain', 'stop', 'in', 'back') && isClient(service) ? world.balancers(signal) : null,
    looksAt('drain') ? askAgent(fleet, service.host, (agent, options) => agent.connections(name, options), ask) : NOT_LOOKED_AT,
    looksAt('drain', 'stop', 'start', 'check')
      ? askAgent(fleet, service.host, (agent, options) => agent.process(name, options), ask)
      : NOT_LOOKED_AT,
    looksAt('check', 'back') ? answer(service) : NOT_LOOKED_AT,
  ]);
  const standing = balancers === null ? 'none' : standingIn(balancers, service);
  const states = balancers === null ? [] : [...balancers.values()];
  const alive = states.flatMap((state) => (state.ok ? [state.aliveIntervalS * 1000] : []));
  return {
    standing,
    drift: balancers !== null && isDrift(standing, balancers),
    aliveIntervalMs: Math.max(0, ...alive),
    inFlight: balancers === null ? null : inFlightTo(balancers, service),
    connections,
    process: 'state' in process ? process : { state: 'unknown', why: process.why },
    health: health.ok ? { ok: true } : { ok: false, why: health.why },
    away: whoIsAway(world, looksAt('out', 'drain', 'stop', 'in', 'back') ? balancersOf(world.config()).map((b) => b.host) : [], service),
  };

  /** While a client starts there is one probe at a time, which may take all the time that is left: each retry would hold another thread. */
  async function answer(target: Service): Promise<{ readonly ok: true } | { readonly ok: false; readonly why: string }> {
    const timeoutMs = step === 'check' ? Math.max(LAST_PROBE_MS, remainingMs) : target.timeoutMs;
    const path = step === 'check' ? (member.planned.path ?? '') : '';
    return isClient(target) ? checks.health(target, { timeoutMs, signal, path }) : checks.answers(target, { timeoutMs, signal });
  }
}

/** An operation may be resumed with a file that has the service no more: it is then as one whose agent does not come back. */
function notInFile(name: string): MemberFacts {
  const why = `${name} is no longer in cluster.ini`;
  return {
    ...{ standing: 'unknown', drift: false, aliveIntervalMs: 0, inFlight: null, connections: unmeasured(why), away: why },
    process: { state: 'unknown', why },
    health: { ok: false, why },
  };
}

function whoIsAway({ fleet }: RollWorld, balancerHosts: readonly string[], service: Service): string | null {
  const needed = new Set([service.host, ...balancerHosts]);
  const away = fleet.hosts().filter(({ host, connected }) => needed.has(host) && !connected);
  return away.length === 0 ? null : `agent ${away.map(({ host }) => host).join(', ')} is not connected`;
}

function inFlightTo(balancers: BalancerStates, client: Service): number | null {
  const counts = [...balancers.values()].flatMap((state) =>
    state.ok ? state.backends.filter((b) => b.address === addressOf(client.spec)).map((b) => b.inFlight) : [null],
  );
  return counts.reduce((sum, count) => (sum === null || count === null ? null : sum + count), counts.length === 0 ? null : 0);
}

/** All have answered, and they differ, or one from its file. */
const isDrift = (standing: Standing, states: BalancerStates): boolean =>
  standing === 'unknown' && [...states.values()].every((state) => state.ok);

const standingIn = (states: BalancerStates, client: Service): Standing =>
  states.size === 0 ? 'none' : describeStanding(states, client).standing;

export const isClient = (service: Service): service is Client => 'pool' in service;

export function serviceOf({ config }: RollWorld, name: string): Service {
  const service = config().services.get(name);
  if (service === undefined) throw new AppError('config', `${name} is no longer in cluster.ini`);
  return service;
}
