import type { LastSeen } from '../actions/last-seen.js';
import type { Operations } from '../actions/operations.js';
import type { Checks } from '../checks/runner.js';
import type { ClusterConfig, Service } from '../config/cluster.js';
import type { History } from '../history/history.js';
import type { Incidents } from '../incidents/incidents.js';
import type { DarkHost, IncidentPolicy } from '../incidents/observation.js';
import type { PerfLog } from '../perf/perf-log.js';
import { messageOf } from '../../shared/errors.js';
import type { TakeEvents } from '../../shared/model/agent-event.js';
import type { ServiceReport } from '../../shared/model/check-report.js';
import type { Incident } from '../../shared/model/incident.js';
import { withLasting } from './lasting.js';
import { sampleOf } from './samples.js';
import { createGrowth } from './growth.js';
import { silentServices } from './silence.js';

/** Whatever is seen of the cluster, measured or told by agents, on its way to where it is kept and told. */
export interface Rounds {
  /** Measures, and keeps what was seen. What cannot be kept is a complaint; what was measured is answered all the same. */
  measure(services: readonly Service[], options: RoundOptions): Promise<Round>;
  /** Of agents: resolves when it is kept. */
  hear: TakeEvents;
}

export interface RoundOptions {
  /** Page of the clients to ask for; '' is the home page. */
  readonly path: string;
  /** Whether the monitor asks, or somebody by hand: what he sees counts at once. */
  readonly by: 'monitor' | 'hand';
  readonly signal: AbortSignal;
}

export interface Round {
  readonly reports: readonly ServiceReport[];
  /** What lasts, of all services. */
  readonly lasting: readonly Incident[];
  readonly complaints: readonly string[];
  /** Services of which the reports say nothing: an operation was working on them, or on what they stand on, or has stopped them. */
  readonly silent: ReadonlySet<string>;
}

export interface RoundsDeps {
  readonly config: () => ClusterConfig;
  readonly checks: Pick<Checks, 'report'>;
  readonly operations: Pick<Operations, 'working' | 'stopped'>;
  readonly incidents: () => Promise<Incidents>;
  readonly history: Pick<History, 'samples'>;
  readonly lastSeen: LastSeen;
  readonly perf: Pick<PerfLog, 'checked'>;
  /** Hosts whose agent has gone dark. */
  readonly dark: () => readonly DarkHost[];
}

export function createRounds({ config, checks, operations, incidents, history, lastSeen, perf, dark }: RoundsDeps): Rounds {
  const policy = (by: RoundOptions['by']): IncidentPolicy => {
    const { failures, recoveries } = config().monitor;
    return { failures: by === 'hand' ? 1 : failures, recoveries, busyRounds: failures };
  };
  const grown = createGrowth(history.samples);
  const known = () => new Set(config().services.keys());

  return {
    async measure(services, { path, by, signal }) {
      const complaints: string[] = [];
      const keep = (work: Promise<void>) => work.catch((error: unknown) => void complaints.push(messageOf(error)));
      const before = operations.working();
      let silent: ReadonlySet<string> = new Set();
      const measured = await checks.report(services, { path, signal });
      await keep(
        (async () => {
          const working = new Set([...before, ...operations.working()]);
          silent = silentServices(config(), working, await operations.stopped(), measured);
          const reports = measured.map((report) => (path === '' ? report : withoutPage(report)));
          // Who looks by hand sees it in the answer.
          const hosts = by === 'monitor' ? dark() : null;
          await (await incidents()).observe({ type: 'round', reports, silent, services: known(), dark: hosts }, policy(by));
        })(),
      );
      const lasting = await incidents().then(
        (all) => all.lasting(),
        () => [],
      );
      const reports = await grown(withLasting(measured, lasting), complaints);
      await keep(lastSeen.record(reports));
      await keep(perf.checked(reports, path));
      await keep(history.samples.add(reports.flatMap((report) => sampleOf(report, path) ?? [])));
      return { reports, lasting, complaints: [...new Set(complaints)], silent };
    },
    async hear(host, events) {
      const silent = silentServices(config(), operations.working(), new Set(), []);
      await (await incidents()).observe({ type: 'agent', host, events, silent, services: known() }, policy('monitor'));
    },
  };
}

/** Another page than the home page says nothing of the trouble with that. */
const withoutPage = (report: ServiceReport): ServiceReport => ({
  ...report,
  http: report.http === null ? null : { ok: false, why: 'another page was asked for' },
  findings: report.findings.filter(({ kind }) => kind !== 'http' && kind !== 'timeout'),
});
