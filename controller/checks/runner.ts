import type { Client, ClusterConfig, Service } from '../config/cluster.js';
import type { Fleet } from '../fleet/fleet.js';
import type { ServiceReport } from '../../shared/model/check-report.js';
import { measured, unmeasured, type Measured } from '../../shared/model/observation.js';
import type { Clock } from '../../shared/ports/clock.js';
import { exec as systemExec, type Exec } from '../../shared/ports/exec.js';
import { inParallel } from '../../shared/in-parallel.js';
import { checkHttp, checkHttpServer } from './http.js';
import { judge } from './judge.js';
import { measure, type MeasureLimits } from './measure.js';
import type { HttpOutcome } from '../../shared/model/probe.js';
import { observeBalancers } from './standings.js';
import { checkTcp } from './tcp.js';
import { createPings } from './ping.js';
import { createVantages, type Vantage } from './vantage.js';
import { warmUp, type WarmedUrl } from './warm-up.js';

/** Everything the controller measures itself. Each call is bounded, and rejects only when its signal aborts. */
export interface Checks {
  /** Measures all of them at once: from here by TCP, HTTP and ZEO, on their hosts by the agents. In the order of `services`. */
  report(services: readonly Service[], options: { readonly path: string; readonly signal: AbortSignal }): Promise<ServiceReport[]>;
  /**
   * Whether the service itself answers now, one attempt: a client and an HttpServer by HTTP, a ZEO server by its protocol, others by
   * TCP. Any complete answer of an HttpServer counts: a proxy says 503 while the clients behind it are down, and is up.
   */
  answers(service: Service, limit: Limit): Promise<Measured<{ readonly ms: number }>>;
  /** One probe of a client's home page (or of `path`), as the balancer would ask for it. */
  health(client: Client, limit: Limit & { readonly path?: string }): Promise<HttpOutcome>;
  /** Fetches every `[feedcache] url` from one client. */
  warm(client: Client, signal: AbortSignal): Promise<WarmedUrl[]>;
}

export interface Limit {
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

export interface ChecksDeps {
  readonly config: () => ClusterConfig;
  readonly fleet: Fleet;
  readonly clock: Clock;
  /** For the ping command. */
  readonly exec?: Exec;
}

export interface ChecksOptions extends MeasureLimits {
  /** Services measured at the same time. */
  readonly concurrency: number;
}

const DEFAULTS: ChecksOptions = { concurrency: 16, attempts: 3, pauseMs: 1000, connectTimeoutMs: 3000, agentTimeoutMs: 4000 };

export function createChecks(deps: ChecksDeps, options: Partial<ChecksOptions> = {}): Checks {
  const { fleet, clock, exec = systemExec } = deps;
  const limits = { ...DEFAULTS, ...options };
  const vantageOf = createVantages(deps);
  return {
    async report(services, { path, signal }) {
      const config = deps.config();
      const balancers = observeBalancers(config, fleet, { timeoutMs: limits.agentTimeoutMs, signal });
      const round = { config, fleet, clock, limits, path, balancers, vantageOf, ping: createPings(config.pingCommand, exec), signal };
      const reports = inParallel(services, limits.concurrency, async (service) => judge(service, await measure(service, round)));
      await Promise.all([reports, balancers]);
      return reports;
    },
    async answers(service, limit) {
      const start = clock.now();
      const why = await whyNoAnswer(service, vantageOf(service), deps, limit);
      return why === null ? measured({ ms: Math.max(0, clock.now() - start) }) : unmeasured(why);
    },
    health: (client, limit) => checkHttp(vantageOf(client), client.spec, deps.config().connect, { path: '', ...limit }),
    warm(client, signal) {
      const { connect, feedcache } = deps.config();
      return warmUp(vantageOf(client), client.spec, connect, { ...feedcache, timeoutMs: client.timeoutMs, signal });
    },
  };
}

/** null: it answers. */
async function whyNoAnswer(service: Service, vantage: Vantage, { config, clock }: ChecksDeps, limit: Limit): Promise<string | null> {
  const { ip, port } = service.spec;
  switch (service.spec.type) {
    case 'ZeoServer':
      return whyNot(
        await vantage.zeo({ kind: 'zeo', ip, port, connectTimeoutMs: limit.timeoutMs, timeoutMs: limit.timeoutMs }, limit.signal),
      );
    case 'ZeoClient':
      return whyNot(await checkHttp(vantage, service.spec, config().connect, { path: '', ...limit }));
    case 'HttpServer': {
      const answer = await checkHttpServer(vantage, service, limit);
      return answer.status === undefined ? whyNot(answer) : null;
    }
    default:
      return whyNot(await checkTcp(vantage, service.spec, { clock, attempts: 1, pauseMs: 0, ...limit }));
  }
}

const whyNot = (outcome: { readonly ok: true } | { readonly ok: false; readonly why: string }) => (outcome.ok ? null : outcome.why);
