import type { Finding, ServiceReport } from '../../shared/model/check-report.js';
import type { Incident } from '../../shared/model/incident.js';

/** The reports, a client that has been busy for too long being critical: event 5. */
export function withLasting(reports: readonly ServiceReport[], lasting: readonly Incident[]): ServiceReport[] {
  const late = new Set(lasting.flatMap(({ event, service }) => (event === 5 ? (service ?? []) : [])));
  return reports.map((report) =>
    !late.has(report.name) || !report.findings.some(isBusy)
      ? report
      : {
          ...report,
          state: 'critical',
          findings: report.findings.map((finding) => (isBusy(finding) ? { ...finding, event: 5 } : finding)),
        },
  );
}

const isBusy = ({ event, kind }: Finding): boolean => event === null && kind === 'timeout';
