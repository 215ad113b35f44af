import type { Service } from '../config/cluster.js';
import type { HostStatus } from '../fleet/fleet.js';
import type { Rounds } from '../monitor/rounds.js';
import { AppError } from '../../shared/errors.js';
import type { CheckReport, ServiceReport } from '../../shared/model/check-report.js';
import type { CheckRequest } from '../../shared/model/control-api.js';
import type { MailReport, MailState } from '../../shared/model/mail.js';
import type { Clock } from '../../shared/ports/clock.js';
import { pagePath } from './page-path.js';

export interface CheckDeps {
  /** The services that selectors name; frontends and clients for none. Throws `usage` for an unknown name. */
  readonly select: (selectors: readonly string[]) => readonly Service[];
  readonly rounds: Pick<Rounds, 'measure'>;
  readonly hosts: () => readonly HostStatus[];
  readonly mails: () => Pick<MailReport, 'waiting' | 'givenUp'>;
  readonly clock: Clock;
}

/** Measures the chosen services now; what was seen is kept. What could not be kept is a warning. Errors: `usage`, `config` (there are none). */
export async function check(deps: CheckDeps, request: CheckRequest, signal: AbortSignal): Promise<CheckReport> {
  const path = pagePath(request.path);
  const chosen = deps.select(request.selectors);
  if (chosen.length === 0) {
    // Most likely a key is misspelt: that is no cluster in which all is well.
    throw new AppError('config', 'cluster.ini names no services: there is nothing to check', {
      hint: '`zeoclients` and `frontend` in [cluster] name them; `ctl config check` tells which keys nothing reads',
    });
  }
  const { reports: services, complaints } = await deps.rounds.measure(chosen, { path, by: 'hand', signal });
  const warnings = [...warningsOf(deps, request, chosen), ...mailWarnings(deps), ...complaints];
  return { at: deps.clock.now(), exit: exitOf(services), services, warnings };
}

/** 0 well, 1 a critical event, 5 nothing critical, but something is not known. */
export function exitOf(services: readonly ServiceReport[]): number {
  const findings = services.flatMap((service) => service.findings);
  if (findings.some((finding) => finding.event !== null)) return 1;
  return findings.some((finding) => finding.kind === 'unmeasured') ? 5 : 0;
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

/** Who is told nothing by mail has to hear of it here. */
function mailWarnings({ mails, clock }: CheckDeps): string[] {
  const { waiting, givenUp } = mails();
  const of = (some: readonly MailState[], what: string): string[] => {
    const last = some.at(-1);
    return last === undefined
      ? []
      : [`${some.length === 1 ? '1 mail' : `${some.length} mails`} ${what} (${last.lastError ?? ''}): \`ctl mail status\``];
  };
  return [
    ...of(
      waiting.filter(({ lastError }) => lastError !== null),
      'could not be sent yet',
    ),
    ...of(
      givenUp.filter(({ at }) => at > clock.now() - DAY_MS),
      'of the last 24 hours will never be sent',
    ),
  ];
}

const DAY_MS = 86_400_000;
