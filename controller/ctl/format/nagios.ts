import type { CheckReport, ServiceReport } from '../../../shared/model/check-report.js';
import type { AppError } from '../../../shared/errors.js';
import { behindName } from './advice.js';
import { oneLine } from './text.js';
import { counted } from './units.js';

export interface NagiosAnswer {
  readonly line: string;
  /** By the plugin guidelines: 0 ok, 1 warning, 2 critical, 3 unknown. */
  readonly exit: 0 | 1 | 2 | 3;
}

/** `ctl check --nagios`: one line, the worst first, then perfdata. Critical goes before unknown, unknown before a warning. */
export function formatNagios(report: CheckReport): NagiosAnswer {
  const { services } = report;
  // A client that is down is `stopped`, and critical all the same: whoever is called at night is called by this.
  const critical = services.filter((one) => one.state === 'critical' || one.findings.some((f) => f.event !== null));
  const unknown = services.filter((one) => one.state === 'unknown' || one.findings.some((f) => f.kind === 'unmeasured'));
  const warned = services.filter((one) => one.state === 'busy' || one.state === 'stopped' || one.findings.length > 0);
  const exit =
    critical.length > 0 ? 2 : unknown.length > 0 || services.length === 0 ? 3 : warned.length > 0 || report.warnings.length > 0 ? 1 : 0;
  const troubled = [...new Set([...critical, ...unknown, ...warned])].map(describe);
  const text = [...troubled, ...(exit === 1 ? report.warnings.map(oneLine) : [])].join('; ');
  const said = text !== '' ? text : services.length === 0 ? 'no services' : `${counted(services.length, 'service')} ok`;
  return { line: `CTL ${LABELS[exit]} - ${withoutPipes(said)} | ${services.flatMap(perfdata).join(' ')}`.replace(/ \| $/, ''), exit };
}

/** The same where nothing could be measured at all. */
export const formatNagiosError = (error: AppError): NagiosAnswer => ({
  line: `CTL UNKNOWN - ${withoutPipes(oneLine(error.message))}`,
  exit: 3,
});

const LABELS = ['OK', 'WARNING', 'CRITICAL', 'UNKNOWN'] as const;

function describe(service: ServiceReport): string {
  const finding = service.findings.find((one) => one.event !== null) ?? service.findings[0];
  if (finding === undefined) return `${oneLine(service.name)} is ${service.state}`;
  const event = finding.event === null ? '' : ` (event ${finding.event})`;
  return `${oneLine(service.name)}${oneLine(behindName(finding, service))}${event}`;
}

/** `'label'=value[UOM];warn;crit;min`, U for what is not known. */
function perfdata(service: ServiceReport): string[] {
  const label = (what: string) => `'${oneLine(service.name).replaceAll("'", "''").replaceAll('=', '_')} ${what}'`;
  const { http, memory } = service;
  return [
    ...(http === null ? [] : [`${label('time')}=${http.ok ? `${(http.ms / 1000).toFixed(3)}s` : 'U'};;;0`]),
    ...(memory === null
      ? []
      : [`${label('rss')}=${memory.ok ? `${memory.rssKb}KB;;${memory.limitKb === 0 ? '' : memory.limitKb}` : 'U;;'};0`]),
  ].map(withoutPipes);
}

const withoutPipes = (text: string): string => text.replaceAll('|', '/');
