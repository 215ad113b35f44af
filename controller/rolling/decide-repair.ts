import { balancersOf, type Client, type ClusterConfig, type Service } from '../config/cluster.js';
import type { ServiceReport } from '../../shared/model/check-report.js';
import type { RepairAction, RepairDecision } from '../../shared/model/repair.js';
import { brakeOf } from './repair-brake.js';
import type { RepairSituation } from './repair-situation.js';
import { standsOn } from './roots.js';

/** One decision a service, with its reason: roots first, then frontends, dead clients, clients that still serve. Pure. */
export function decideRepair(situation: RepairSituation): RepairDecision[] {
  const decided = new Map<string, RepairDecision>();
  /** Whatever stands on others comes behind them. */
  const all: RepairDecision[] = [];
  const reports = new Map(situation.reports.map((report) => [report.name, report]));
  const order = [...situation.config.services.values()].sort((a, b) => rank(situation, reports, a) - rank(situation, reports, b));
  const decide = (service: Service): RepairDecision => {
    const { name } = service.spec;
    const known = decided.get(name);
    if (known !== undefined) return known;
    // Whoever stands on itself is told by `config check`: here it must not go round in circles.
    decided.set(name, { service: name, state: 'unknown', action: 'none', reason: 'it depends on itself' });
    const roots = standsOn(situation.config, service).map(decide);
    const decision = { service: name, ...decideOne(situation, service, reports, roots) };
    decided.set(name, decision);
    all.push(decision);
    return decision;
  };
  for (const service of order) decide(service);
  return situation.named === null ? all : all.filter(({ service }) => situation.named?.has(service) === true);
}

type Decided = Omit<RepairDecision, 'service'>;

const RANKS = { root: 0, frontend: 1, dead: 2, serving: 3 } as const;

function rank({ config }: RepairSituation, reports: ReadonlyMap<string, ServiceReport>, service: Service): number {
  if (isClient(config, service)) return isServing(reports.get(service.spec.name)) ? RANKS.serving : RANKS.dead;
  return config.frontends.includes(service) ? RANKS.frontend : RANKS.root;
}

function decideOne(
  situation: RepairSituation,
  service: Service,
  reports: ReadonlyMap<string, ServiceReport>,
  roots: readonly RepairDecision[],
): Decided {
  const report = reports.get(service.spec.name);
  const judged = judge(report, situation.confirmed);
  if (judged.state !== 'critical' || report === undefined) return { ...judged, action: 'none' };
  const critical = (action: RepairAction, reason: string): Decided => ({
    state: 'critical',
    action,
    reason: `${judged.reason}; ${reason}`,
  });
  const hands = handsOff(situation, service, report);
  if (hands !== null) return critical('none', hands);

  const bad = roots.filter((root) => root.state !== 'well');
  const stuck = bad.find((root) => root.action !== 'start' && root.action !== 'restart');
  if (stuck !== undefined) {
    const why = stuck.state === 'unknown' ? 'of which nothing certain is known' : 'which is not repaired now';
    return critical('none', `nothing is touched that stands on ${stuck.service}, ${why}`);
  }
  const brake = brakeOf(situation, service.spec.name);
  if (brake?.gaveUp === true) return critical('give-up', brake.reason);
  if (brake !== null) return critical('none', brake.reason);
  const lost = isClient(situation.config, service) ? costs(situation, report, reports, bad.length > 0) : null;
  if (lost !== null) return critical('none', lost);
  if (bad.length > 0) {
    const names = bad.map((root) => root.service).join(', ');
    return isClient(situation.config, service)
      ? critical('recheck', `it stands on ${names}, which comes first; it is restarted only if it does not recover by itself`)
      : critical('none', `it stands on ${names}, which comes first; the next repair looks at it again`);
  }
  const down = report.state === 'stopped';
  return critical(down ? 'start' : 'restart', down ? 'it is started' : 'it is restarted');
}

function judge(report: ServiceReport | undefined, confirmed: ReadonlySet<string> | null): Pick<RepairDecision, 'state' | 'reason'> {
  if (report === undefined) return { state: 'unknown', reason: 'it was not looked at' };
  if (report.state === 'busy') return { state: 'well', reason: 'busy, not dead: it is left alone' };
  const events = report.findings.filter((finding) => finding.event !== null);
  const first = events[0];
  if (first !== undefined && confirmed?.has(report.name) === false)
    return { state: 'unknown', reason: `seen once, which is not enough: ${first.message}` };
  if (first !== undefined && report.state !== 'unknown')
    return { state: 'critical', reason: `event ${first.event ?? ''}: ${first.message}` };
  const unmeasured = report.findings.find((finding) => finding.kind === 'unmeasured');
  if (unmeasured !== undefined) return { state: 'unknown', reason: `nothing is done on what is not known: ${unmeasured.message}` };
  return { state: 'well', reason: 'nothing is wrong with it' };
}

/** Why nobody may touch it whatever is wrong; null: it may be. */
function handsOff({ config, named, away, held, stopped }: RepairSituation, service: Service, report: ServiceReport): string | null {
  const { name, serviceName } = service.spec;
  if (named !== null && !named.has(name)) return 'it is not among the named services';
  const hold = held.get(name);
  if (hold !== undefined) return `it ${hold}: left to whoever did that`;
  if (stopped.has(name) && report.state === 'stopped' && named === null)
    return `it was stopped on purpose: \`ctl start ${name}\` starts it again`;
  const why = away.get(service.host);
  if (why !== undefined) return `${why}: nothing can be done there`;
  if (serviceName === '') return 'ctl cannot restart it: it has no service_name';
  const answers = report.tcp?.ok === true && service.spec.type !== 'ZeoServer' && service.spec.type !== 'ZeoClient';
  if (answers) return 'it answers: what stands behind it is repaired instead';
  const silent = balancersOf(config).length > 0 && isClient(config, service) && report.balancer === 'unknown';
  return silent ? 'how it stands in the balancer is not known' : null;
}

/** What taking this client out would cost, if that is too much. */
function costs(
  { config }: RepairSituation,
  report: ServiceReport,
  reports: ReadonlyMap<string, ServiceReport>,
  rootComesFirst: boolean,
): string | null {
  const others = config.clients.filter(({ spec: { name } }) => name !== report.name);
  const serving = others.filter(({ spec: { name } }) => isServing(reports.get(name))).length;
  const { minActive } = config.cluster;
  if (isServing(report) && others.length > 0 && serving < minActive)
    return `it still serves, without it only ${serving} would, and min_active is ${minActive}`;
  const alike = others.length > 0 && serving === 0 && report.tcp?.ok === true && report.balancer === 'in';
  return alike && !rootComesFirst && !isServing(report)
    ? 'no client answers well: restarting them one by one would take out what is left. Look at what they have in common'
    : null;
}

/** It is in the balancer, or needs none, and answers well. */
const isServing = (report: ServiceReport | undefined): boolean =>
  report?.http?.ok === true && (report.balancer === 'in' || report.balancer === 'none');

const isClient = (config: ClusterConfig, service: Service): service is Client =>
  config.clients.some((client) => client.spec.name === service.spec.name);
