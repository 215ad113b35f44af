import type { Client, Service } from '../config/cluster.js';
import type { CheckReport, ServiceReport } from '../../shared/model/check-report.js';
import type { StatusRequest } from '../../shared/model/control-api.js';
import type { Clock } from '../../shared/ports/clock.js';
import { exitOf } from './check.js';
import type { LastSeen } from './last-seen.js';

export interface StatusDeps {
  /** As for `check`. */
  readonly select: (selectors: readonly string[]) => readonly Service[];
  readonly lastSeen: LastSeen;
  readonly clock: Clock;
}

/** What was last seen of the chosen services, without measuring: `at` of each says how old it is. */
export function status(deps: StatusDeps, request: StatusRequest): CheckReport {
  const services = deps.select(request.selectors).map((service) => deps.lastSeen.of(service.spec.name) ?? neverSeen(service));
  return { at: deps.clock.now(), exit: exitOf(services), services, warnings: [] };
}

function neverSeen(service: Service | Client): ServiceReport {
  const { name, type } = service.spec;
  return {
    name,
    type,
    host: service.host,
    pool: 'pool' in service ? service.pool : null,
    state: 'unknown',
    balancer: 'unknown',
    at: null,
    tcp: null,
    http: null,
    memory: null,
    log: null,
    findings: [{ event: null, kind: 'unmeasured', message: `${name} on ${service.host}: never measured`, expected: null, got: null }],
  };
}
