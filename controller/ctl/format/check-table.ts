import type { CheckReport, Finding, ServiceReport, ServiceState } from '../../../shared/model/check-report.js';
import { pidOf } from '../../../shared/model/process.js';
import { adviceFor, behindName } from './advice.js';
import type { Style } from './style.js';
import { formatTable, type Cell } from './table.js';
import { clip, oneLine } from './text.js';
import { counted, formatAge, formatKb, formatMs, formatTime } from './units.js';

export interface ReportOptions {
  /** With its age: what was last seen. Without: measured just now. */
  readonly ages: boolean;
  readonly now: number;
  readonly verbose: boolean;
}

/** The table of `check` and `status`, then the findings with what to do, then one line that sums up. */
export function formatReport(report: CheckReport, options: ReportOptions, style: Style): string {
  const { services } = report;
  if (services.length === 0) return `no services\n${notes(report, style)}`;
  const header = [...HEADER, ...(options.ages ? ['SEEN'] : [])].map((text) => ({ text, paint: style.dim }));
  const table = formatTable([header, ...services.map((service) => rowOf(service, options, style))]);
  const details = options.verbose ? `\n${services.map((service) => verboseLine(service)).join('')}` : '';
  const findings = services.flatMap((service) => service.findings.map((finding) => formatFinding(finding, service, style)));
  return `${table}${details}${findings.length > 0 ? `\n${findings.join('')}` : ''}${notes(report, style)}\n${summary(report, style)}\n`;
}

const HEADER = ['SERVICE', 'HOST', 'POOL', 'STATE', 'TCP', 'HTTP', 'MEMORY', 'LOG', 'BALANCER'];

function rowOf(service: ServiceReport, options: ReportOptions, style: Style): Cell[] {
  const age = service.at === null ? 'never' : formatAge((options.now - service.at) / 1000);
  return [
    { text: oneLine(service.name), paint: service.state === 'critical' ? style.bold : undefined },
    { text: oneLine(service.host) },
    { text: service.pool === null ? '-' : String(service.pool) },
    stateCell(service.state, style),
    tcpCell(service, style),
    httpCell(service, style),
    memoryCell(service, style),
    logCell(service, style),
    balancerCell(service, style),
    ...(options.ages ? [{ text: age, paint: service.at === null ? style.warn : style.dim }] : []),
  ];
}

function stateCell(state: ServiceState, style: Style): Cell {
  const paints = { ok: style.good, critical: style.bad, unknown: style.warn, busy: style.warn, stopped: style.dim };
  return { text: state === 'critical' ? 'CRITICAL' : state, paint: paints[state] };
}

const NOT_APPLICABLE: Cell = { text: '-' };
const unknown = (style: Style): Cell => ({ text: '?', paint: style.warn });
const hasEvent = (service: ServiceReport, ...events: readonly Finding['event'][]): boolean =>
  service.findings.some((one) => events.includes(one.event));

function tcpCell(service: ServiceReport, style: Style): Cell {
  if (service.tcp === null) return NOT_APPLICABLE;
  if (service.tcp.ok) return { text: formatMs(service.tcp.ms) };
  return hasEvent(service, 1) ? { text: 'no', paint: style.bad } : unknown(style);
}

function httpCell(service: ServiceReport, style: Style): Cell {
  const { http } = service;
  if (http === null) return NOT_APPLICABLE;
  if (http.ok) return { text: `${http.status} ${formatMs(http.ms)}`, paint: hasEvent(service, 2, 5) ? style.bad : undefined };
  if (http.status !== undefined) return { text: String(http.status), paint: style.bad };
  return hasEvent(service, 2, 5) ? { text: 'no answer', paint: style.bad } : unknown(style);
}

function memoryCell(service: ServiceReport, style: Style): Cell {
  const { memory } = service;
  if (memory === null) return NOT_APPLICABLE;
  if (!memory.ok) return unknown(style);
  if (memory.limitKb === 0) return { text: formatKb(memory.rssKb) };
  const share = Math.round((memory.rssKb / memory.limitKb) * 100);
  return { text: `${formatKb(memory.rssKb)} ${share}%`, paint: share > 100 ? style.bad : share >= 90 ? style.warn : undefined };
}

function logCell(service: ServiceReport, style: Style): Cell {
  const { log } = service;
  if (log === null) return NOT_APPLICABLE;
  if (!log.ok) return unknown(style);
  return log.findings === 0 ? { text: 'clean' } : { text: counted(log.findings, 'finding'), paint: style.bad };
}

function balancerCell(service: ServiceReport, style: Style): Cell {
  const { balancer } = service;
  if (balancer === 'none') return NOT_APPLICABLE;
  if (balancer === 'unknown') return unknown(style);
  return { text: balancer, paint: balancer === 'in' ? style.good : style.warn };
}

const GOT_CHARS = 300;

function formatFinding(finding: Finding, service: ServiceReport, style: Style): string {
  const label = finding.event === null ? style.warn(finding.kind === 'unmeasured' ? 'unknown ' : 'warning ') : style.bad('CRITICAL');
  // What was not measured has its reason in the message, and a log entry can be long.
  const got = clip(finding.got ?? 'nothing', GOT_CHARS, style.glyphs.ellipsis);
  const compared = finding.expected === null ? '' : `: expected ${finding.expected}${finding.message.includes(got) ? '' : `, got ${got}`}`;
  const event = finding.event === null ? '' : ` (event ${finding.event})`;
  const advice = adviceFor(finding, service);
  const line = `${label}  ${style.bold(oneLine(service.name))}${oneLine(behindName(finding, service))}${oneLine(compared)}${event}\n`;
  return advice === null ? line : `${line}          ${style.glyphs.arrow} ${advice}\n`;
}

function verboseLine({ name, http, memory, log, at, type }: ServiceReport): string {
  const parts = [
    type,
    at === null ? 'never measured' : `measured ${formatTime(at)}`,
    http?.ok === true ? `${http.bytes} bytes` : null,
    memory?.ok === true ? `pid ${pidOf(memory.process)}, up ${formatMs(memory.uptimeS * 1000)}` : null,
    log?.ok === true ? `log since ${log.since ?? 'its beginning (no start marker)'}` : null,
    ...[http, memory, log].map((one) => (one?.ok === false ? one.why : null)),
  ];
  return `${oneLine(name)}: ${oneLine(parts.filter((part) => part !== null).join(', '))}\n`;
}

const notes = (report: CheckReport, style: Style): string => {
  const lines = report.warnings.map((warning) => `${style.warn('warning ')}  ${oneLine(warning)}\n`);
  return lines.length > 0 ? `\n${lines.join('')}` : '';
};

function summary(report: CheckReport, style: Style): string {
  const paints: Record<ServiceState, (text: string) => string> = {
    critical: style.bad,
    unknown: style.warn,
    busy: style.warn,
    stopped: style.dim,
    ok: style.good,
  };
  const states: readonly ServiceState[] = ['critical', 'unknown', 'busy', 'stopped', 'ok'];
  return states
    .map((state) => ({ state, n: report.services.filter((one) => one.state === state).length }))
    .filter(({ n }) => n > 0)
    .map(({ state, n }) => paints[state](`${n} ${state}`))
    .join(', ');
}
