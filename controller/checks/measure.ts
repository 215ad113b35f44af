import type { Client, ClusterConfig, Service } from '../config/cluster.js';
import type { Fleet } from '../fleet/fleet.js';
import type { Clock } from '../../shared/ports/clock.js';
import { askAgent } from './ask-agent.js';
import { judgeSilence } from './cut-off.js';
import { checkHttp, checkHttpServer } from './http.js';
import { observeBusyness } from './busyness.js';
import type { Measurements } from './judge.js';
import type { HttpOutcome, TcpOutcome, ZeoOutcome } from '../../shared/model/probe.js';
import { describeStanding, type BalancerStates } from './standings.js';
import { checkTcp, whileNoConnection } from './tcp.js';
import type { Ping } from './ping.js';
import type { Vantage } from './vantage.js';

export interface MeasureLimits {
  /** Tries to connect before it counts as event 1, and the pause between them. */
  readonly attempts: number;
  readonly pauseMs: number;
  readonly connectTimeoutMs: number;
  /** For each question to an agent. */
  readonly agentTimeoutMs: number;
}

/** What the services of one round have in common. */
export interface Round {
  readonly config: ClusterConfig;
  readonly fleet: Fleet;
  readonly clock: Clock;
  readonly limits: MeasureLimits;
  /** Page of the clients to ask for. */
  readonly path: string;
  readonly balancers: Promise<BalancerStates>;
  /** From where a service is looked at. */
  readonly vantageOf: (service: Service) => Vantage;
  readonly ping: Ping;
  readonly signal: AbortSignal;
}

/** Measures one service: at its port, and at the same time by the agent of its host. Rejects only when the signal of the round aborts. */
export async function measure(service: Service | Client, round: Round): Promise<Measurements> {
  const began = round.clock.now();
  const [answer, host, balancers, ping] = await Promise.all([
    atItsPort(service, round),
    onItsHost(service, round),
    round.balancers,
    round.ping(service.spec.ip, round.signal),
  ]);
  const busy = isLate(answer.http) ? await observeBusyness(service, host.memory, began, round) : null;
  const pooled = 'pool' in service && service.pool > 0;
  return {
    at: round.clock.now(),
    ...answer,
    ping,
    busy,
    ...host,
    standing: pooled ? describeStanding(balancers, service) : { standing: 'none', why: null },
    balancer: balancers.get(service.spec.name) ?? null,
  };
}

const isLate = (http: HttpOutcome | null): boolean => http?.ok === false && http.fault === 'late';

async function atItsPort(service: Service, round: Round): Promise<Pick<Measurements, 'tcp' | 'http' | 'zeo'>> {
  const { clock, limits, signal } = round;
  const vantage = round.vantageOf(service);
  const { ip, port } = service.spec;
  const tries = { clock, attempts: limits.attempts, pauseMs: limits.pauseMs, signal };
  const meaning = <T extends TcpOutcome | ZeoOutcome>(outcome: T) =>
    judgeSilence(outcome, round.fleet, service.host, { timeoutMs: limits.agentTimeoutMs, signal });
  if (service.spec.type === 'ZeoServer') {
    const order = { kind: 'zeo', ip, port, connectTimeoutMs: limits.connectTimeoutMs, timeoutMs: service.timeoutMs } as const;
    return { tcp: null, http: null, zeo: await meaning(await whileNoConnection(tries, () => vantage.zeo(order, signal))) };
  }
  const tcp = await meaning(await checkTcp(vantage, service.spec, { ...tries, timeoutMs: limits.connectTimeoutMs }));
  return { tcp, http: tcp.ok ? await page(vantage, service, round) : notAsked(service), zeo: null };
}

async function page(vantage: Vantage, service: Service, { config, path, signal }: Round): Promise<HttpOutcome | null> {
  const limit = { timeoutMs: service.timeoutMs, signal };
  if (service.spec.type === 'ZeoClient') return checkHttp(vantage, service.spec, config.connect, { path, ...limit });
  return service.spec.type === 'HttpServer' ? checkHttpServer(vantage, service, limit) : null;
}

const notAsked = (service: Service): HttpOutcome | null =>
  service.spec.type === 'ZeoClient' || service.spec.type === 'HttpServer'
    ? { ok: false, fault: 'no-connection', why: 'not asked: no TCP connection' }
    : null;

async function onItsHost(
  { spec, host }: Service,
  { fleet, limits, signal }: Round,
): Promise<Pick<Measurements, 'process' | 'memory' | 'log'>> {
  const query = { log: spec.log !== undefined };
  const limit = { timeoutMs: limits.agentTimeoutMs, signal };
  const seen = await askAgent(fleet, host, (agent, options) => agent.observe(spec.name, query, options), limit);
  const { process, memory, log } =
    'process' in seen ? seen : { process: { state: 'unknown' as const, why: seen.why }, memory: seen, log: seen };
  return { process, memory: spec.type === 'ZeoClient' ? memory : null, log: query.log ? log : null };
}
