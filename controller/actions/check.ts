import type { Checks } from '../checks/runner.js';
import type { Service } from '../config/cluster.js';
import type { HostStatus } from '../fleet/fleet.js';
import { AppError, messageOf } from '../../shared/errors.js';
import type { CheckReport, ServiceReport } from '../../shared/model/check-report.js';
import type { CheckRequest } from '../../shared/model/control-api.js';
import type { Clock } from '../../shared/ports/clock.js';
import type { LastSeen } from './last-seen.js';

export interface CheckDeps {
  /** The services that selectors name; frontends and clients for none. Throws `usage` for an unknown name. */
  readonly select: (selectors: readonly string[]) => readonly Service[];
  readonly checks: Pick<Checks, 'report'>;
  readonly hosts: () => readonly HostStatus[];
  readonly lastSeen: LastSeen;
  readonly clock: Clock;
}

/** Measures the chosen services now, and keeps what was seen for `status`. */
export async function check(deps: CheckDeps, request: CheckRequest, signal: AbortSignal): Promise<CheckReport> {
  const path = pathOf(request);
  const chosen = deps.select(request.selectors);
  const services = await deps.checks.report(chosen, { path, signal });
  const warnings = warningsOf(deps, request, chosen);
  // What was measured is told even if it can't be kept.
  await deps.lastSeen.record(services).catch((error: unknown) => warnings.push(messageOf(error)));
  return { at: deps.clock.now(), exit: exitOf(services), services, warnings };
}

/** 0 well, 1 a critical event, 5 nothing critical, but something is not known. */
export function exitOf(services: readonly ServiceReport[]): number {
  const findings = services.flatMap((service) => service.findings);
  if (findings.some((finding) => finding.event !== null)) return 1;
  return findings.some((finding) => finding.kind === 'unmeasured') ? 5 : 0;
}

function pathOf({ path }: CheckRequest): string {
  if (path !== null && /^([a-z][a-z\d+.-]*:)?\/\//i.test(path)) {
    throw new AppError('usage', `-u takes a path of the site, not a whole URL: ${path}`, { hint: 'give the part after the host name' });
  }
  return path ?? '';
}

function warningsOf(deps: CheckDeps, request: CheckRequest, chosen: readonly Service[]): string[] {
  const hosts = new Set(chosen.map((service) => service.host));
  const away = deps.hosts().filter(({ host, connected }) => hosts.has(host) && !connected);
  const warnings = away.map(({ host }) => `the agent of ${host} is away: what only it can see is unknown`);
  if (request.path !== null && !chosen.some((service) => service.spec.type === 'ZeoClient')) {
    warnings.push('-u has no effect: it is for Zope clients, and none was chosen');
  }
  return warnings;
}
