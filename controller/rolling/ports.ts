import { inParallel } from '../checks/bounded.js';
import { askAgent } from '../checks/ask-agent.js';
import type { HttpOutcome } from '../checks/outcome.js';
import type { Checks } from '../checks/runner.js';
import { type BalancerStates, describeStanding, observeBalancers } from '../checks/standings.js';
import { balancersOf, type Client, type ClusterConfig, type Service } from '../config/cluster.js';
import type { Fleet } from '../fleet/fleet.js';
import { AppError } from '../../shared/errors.js';
import type { Standing } from '../../shared/model/balancer.js';
import { unmeasured } from '../../shared/model/observation.js';
import { addressOf } from '../../shared/model/service.js';
import type { Clock } from '../../shared/ports/clock.js';
import type { Effect, RollPorts } from './executor.js';
import type { ClientFacts, MemberFacts } from './facts.js';
import type { Journal } from './journal.js';
import type { MemberProgress } from './progress.js';

export interface RollWorld {
  readonly config: () => ClusterConfig;
  readonly fleet: Fleet;
  readonly checks: Pick<Checks, 'answers' | 'health' | 'warm'>;
  readonly clock: Clock;
}

/** For a question to an agent. */
const ASK_MS = 5_000;
/** For an order to a balancer: its file is checked, written and read back. */
const ORDER_MS = 15_000;
/** Beyond a deadline that the agent itself keeps. */
const MARGIN_MS = 10_000;
const PROBES_AT_ONCE = 16;

/** The real cluster behind the executor. */
export function createRollPorts(world: RollWorld, journal: Journal, waiting: RollPorts['waiting']): RollPorts {
  const { clock, fleet, checks } = world;
  return {
    now: () => clock.now(),
    sleep: (ms, signal) => clock.sleep(ms, signal),
    append: (event) => journal.append(event),
    waiting,
    observeClients: (signal) => observeClients(world, signal),
    observeMember: (member, remainingMs, signal) => observeMember(world, member, remainingMs, signal),
    perform: (member, effect, id, signal) => perform(member, effect, id, signal),
    takeOut: (client, id, signal) => setEverywhere(serviceOf(world, client), 'out', id, signal),
    async lastLogEntry(member, signal) {
      const service = serviceOf(world, member);
      const report = await askAgent(fleet, service.host, (agent, options) => agent.log(member, options), { timeoutMs: ASK_MS, signal });
      return report.ok ? (report.last?.text ?? null) : null;
    },
  };

  async function perform({ planned }: MemberProgress, effect: Effect, commandId: string, signal: AbortSignal): Promise<string | null> {
    const { name, timing } = planned;
    const service = serviceOf(world, name);
    const agent = fleet.agent(service.host);
    switch (effect.do) {
      case 'set':
        await setEverywhere(service, effect.wanted, commandId, signal);
        return null;
      case 'stop': {
        const order = { replacing: effect.replacing, deadlineMs: timing.stopDeadlineMs };
        const { how } = await agent.stop(name, order, { commandId, signal, timeoutMs: timing.stopDeadlineMs + MARGIN_MS });
        return how === 'killed' ? `did not stop in ${timing.stopDeadlineMs / 1000} s and was killed` : null;
      }
      case 'start':
        await agent.start(name, { commandId, signal, timeoutMs: timing.startDeadlineMs });
        return null;
      case 'warm':
        return warm(service, signal);
    }
  }

  async function warm(service: Service, signal: AbortSignal): Promise<string | null> {
    if (!isClient(service)) return null;
    const failed = (await checks.warm(service, signal)).flatMap(({ url, result }) => (result.ok ? [] : [`${url}: ${result.why}`]));
    return failed.length === 0 ? null : `warm-up: ${failed.join('; ')}`;
  }

  /** In every balancer that has such a backend; one that cannot be asked must not be passed over. */
  async function setEverywhere(service: Service, wanted: 'in' | 'out', id: string, signal: AbortSignal): Promise<void> {
    const address = addressOf(service.spec);
    const states = await observeBalancers(world.config(), fleet, { timeoutMs: ASK_MS, signal });
    const holding = balancersOf(world.config()).filter((balancer) => {
      const state = states.get(balancer.spec.name);
      return state?.ok !== true || state.backends.some((backend) => backend.address === address);
    });
    const orders = holding.map(({ host, spec: { name } }) =>
      fleet.agent(host).setBackend(name, { address, wanted }, { commandId: `${id}/${name}`, signal, timeoutMs: ORDER_MS }),
    );
    for (const result of await Promise.allSettled(orders)) if (result.status === 'rejected') throw result.reason;
  }
}

/** Every client: how it stands in the balancers and how it answers, each asked once. */
export async function observeClients(world: RollWorld, signal: AbortSignal): Promise<Map<string, ClientFacts>> {
  const config = world.config();
  const balancers = observeBalancers(config, world.fleet, { timeoutMs: ASK_MS, signal });
  const facts = inParallel(config.clients, PROBES_AT_ONCE, async (client): Promise<[string, ClientFacts]> => {
    const health = await world.checks.health(client, { timeoutMs: client.timeoutMs, signal });
    return [client.spec.name, { standing: standingIn(await balancers, client), health: healthOf(health) }];
  });
  await balancers;
  return new Map(await facts);
}

function healthOf(answer: HttpOutcome): ClientFacts['health'] {
  if (answer.ok) return 'passing';
  if (answer.fault === 'no-connection') return 'down';
  return answer.fault === 'unmeasurable' ? 'unknown' : 'failing';
}

const NOT_LOOKED_AT = unmeasured('not looked at');

/** Measures what the step in hand decides by, all at once, and nothing else. */
async function observeMember(world: RollWorld, member: MemberProgress, remainingMs: number, signal: AbortSignal): Promise<MemberFacts> {
  const { fleet, checks } = world;
  const { name } = member.planned;
  const service = serviceOf(world, name);
  const { step } = member;
  const ask = { timeoutMs: ASK_MS, signal };
  const looksAt = (...steps: (typeof step)[]) => steps.includes(step);

  const [balancers, connections, process, health] = await Promise.all([
    looksAt('out', 'drain', 'in', 'back') && isClient(service) ? observeBalancers(world.config(), fleet, ask) : null,
    looksAt('drain') ? askAgent(fleet, service.host, (agent, options) => agent.connections(name, options), ask) : NOT_LOOKED_AT,
    looksAt('stop', 'start', 'check')
      ? askAgent(fleet, service.host, (agent, options) => agent.process(name, options), ask)
      : NOT_LOOKED_AT,
    looksAt('check', 'back') ? answer(service) : NOT_LOOKED_AT,
  ]);
  const standing = balancers === null ? 'none' : standingIn(balancers, service);
  const states = balancers === null ? [] : [...balancers.values()];
  const alive = states.flatMap((state) => (state.ok ? [state.aliveIntervalS * 1000] : []));
  return {
    standing,
    drift: standing === 'unknown' && states.every((state) => state.ok),
    aliveIntervalMs: Math.max(0, ...alive),
    connections,
    process: 'state' in process ? process : { state: 'unknown', why: process.why },
    health: health.ok ? { ok: true } : { ok: false, why: health.why },
    away: whoIsAway(world, looksAt('out', 'in', 'back', 'drain') ? balancersOf(world.config()).map((b) => b.host) : [], service),
  };

  /** While a client starts there is one probe at a time, which may take all the time that is left: each retry would hold another thread. */
  async function answer(target: Service): Promise<{ readonly ok: true } | { readonly ok: false; readonly why: string }> {
    const timeoutMs = step === 'check' ? Math.max(1, remainingMs) : target.timeoutMs;
    return isClient(target) ? checks.health(target, { timeoutMs, signal }) : checks.answers(target, { timeoutMs, signal });
  }
}

function whoIsAway({ fleet }: RollWorld, balancerHosts: readonly string[], service: Service): string | null {
  const needed = new Set([service.host, ...balancerHosts]);
  const away = fleet.hosts().filter(({ host, connected }) => needed.has(host) && !connected);
  return away.length === 0 ? null : `agent ${away.map(({ host }) => host).join(', ')} is not connected`;
}

const standingIn = (states: BalancerStates, client: Service): Standing =>
  states.size === 0 ? 'none' : describeStanding(states, client).standing;

const isClient = (service: Service): service is Client => 'pool' in service;

function serviceOf({ config }: RollWorld, name: string): Service {
  const service = config().services.get(name);
  if (service === undefined) throw new AppError('config', `${name} is no longer in cluster.ini`);
  return service;
}
