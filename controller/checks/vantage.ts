import { balancersOf, type ClusterConfig, type Service } from '../config/cluster.js';
import type { Fleet } from '../fleet/fleet.js';
import { AppError } from '../../shared/errors.js';
import type { HttpOutcome, ProbeOrder, ProbeOutcome, TcpOutcome, ZeoOutcome } from '../../shared/model/probe.js';
import type { Clock } from '../../shared/ports/clock.js';
import { probe } from '../../shared/probes/probe.js';
import { askAgent } from './ask-agent.js';

type OrderOf<K extends ProbeOrder['kind']> = Extract<ProbeOrder, { readonly kind: K }>;

/** How services are looked at from some place. Each rejects only when `signal` aborts. */
export interface Vantage {
  tcp(order: OrderOf<'tcp'>, signal: AbortSignal): Promise<TcpOutcome>;
  http(order: OrderOf<'http'>, signal: AbortSignal): Promise<HttpOutcome>;
  zeo(order: OrderOf<'zeo'>, signal: AbortSignal): Promise<ZeoOutcome>;
}

export interface VantageDeps {
  readonly config: () => ClusterConfig;
  readonly fleet: Fleet;
  readonly clock: Clock;
}

/** From the controller's own host. */
export function fromHere(clock: Clock): Vantage {
  return {
    tcp: async (order, signal) => expected('tcp', await probe(order, clock, signal)),
    http: async (order, signal) => expected('http', await probe(order, clock, signal)),
    zeo: async (order, signal) => expected('zeo', await probe(order, clock, signal)),
  };
}

/**
 * From where a service is to be looked at (`check_from`). `balancer` means its clients, which alone a balancer knows: what else the cluster
 * has is looked at from its own host. An agent that is away, or is not allowed to look, leaves it unknown.
 */
export function createVantages(deps: VantageDeps): (service: Service) => Vantage {
  const here = fromHere(deps.clock);
  return (service) => {
    const host = hostFor(service, deps.config());
    return host === null ? here : fromHost(host, deps.fleet);
  };
}

function hostFor(service: Service, config: ClusterConfig): string | null {
  if (service.checkFrom === 'controller') return null;
  const pooled = 'pool' in service && typeof service.pool === 'number' && service.pool > 0;
  const [balancer] = service.checkFrom === 'balancer' && pooled ? balancersOf(config) : [];
  return (balancer ?? service).host;
}

function fromHost(host: string, fleet: Fleet): Vantage {
  return {
    tcp: (order, signal) => ask('tcp', order, signal),
    http: (order, signal) => ask('http', order, signal),
    zeo: (order, signal) => ask('zeo', order, signal),
  };

  async function ask<K extends ProbeOrder['kind']>(kind: K, order: OrderOf<K>, signal: AbortSignal): Promise<OutcomeOf<K>> {
    const connectMs = 'connectTimeoutMs' in order ? order.connectTimeoutMs : 0;
    const timeoutMs = Math.ceil(order.timeoutMs + connectMs + MARGIN_MS);
    const answer = await askAgent(fleet, host, (agent, options) => agent.probe(order, options), { timeoutMs, signal });
    if ('kind' in answer) return expected(kind, answer);
    const why = `not looked at from ${host}: ${answer.why}`;
    return { ok: false, fault: 'unmeasurable', why, ...(kind === 'zeo' ? { connectMs: null } : {}) } as OutcomeOf<K>;
  }
}

type OutcomeOf<K extends ProbeOrder['kind']> = Extract<ProbeOutcome, { readonly kind: K }>['outcome'];

/** For the way there and back. */
const MARGIN_MS = 2_000;

function expected<K extends ProbeOrder['kind']>(kind: K, answer: ProbeOutcome): OutcomeOf<K> {
  if (answer.kind !== kind) throw new AppError('internal', `a probe by ${kind} was answered as one by ${answer.kind}`);
  return answer.outcome as OutcomeOf<K>;
}
