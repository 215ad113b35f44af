import type { Incident } from '../../shared/model/incident.js';
import type { ClusterConfig } from '../config/cluster.js';
import { adviseOn, commandOf } from './advice.js';
import type { Notice } from './decide.js';
import { block, duration, line, timeOf } from './text.js';
import { nameOf, troubleOf } from './trouble.js';

export interface MessageContext {
  readonly config: ClusterConfig;
  /** Name of the host whose `ctl` the commands are for. */
  readonly host: string;
  readonly now: number;
  /** These notices replace mails that were over the limit of an hour. */
  readonly digest: boolean;
  /** Until then no further mail may be written; null: one may. */
  readonly nextAt: number | null;
}

export interface Message {
  /** One line. */
  readonly subject: string;
  /** Plain text in short lines, no line longer than what a service or its log made it. */
  readonly text: string;
}

/** What is told in full; of the rest one line each, and beyond that their number. */
const IN_FULL = 5;
const IN_SHORT = 200;

/** The mail that tells these notices, at least one. */
export function composeMessage(notices: readonly Notice[], context: MessageContext): Message {
  const { config, digest } = context;
  const [first] = notices;
  const headlines = notices.map((notice) => headlineOf(notice, context));
  const what = notices.length === 1 && first !== undefined && !digest ? headlines.join('') : summaryOf(notices, digest);
  const prefix = line(config.mail?.subject ?? '', SUBJECT_CHARS);
  const parts = [
    ...(notices.length === 1 && !digest ? [] : [[`${what}.`, ...(digest ? [overLimit(config)] : [])].join('\n')]),
    ...notices.slice(0, IN_FULL).map((notice) => inFull(notice, context)),
    ...inShort(headlines.slice(IN_FULL), config),
    ...(context.nextAt === null ? [] : [nextMail(context.nextAt, config)]),
  ];
  return { subject: line(prefix === '' ? what : `${prefix}: ${what}`, SUBJECT_CHARS), text: `${parts.join('\n\n')}\n` };
}

const SUBJECT_CHARS = 150;
const LINE_CHARS = 300;

function headlineOf({ type, incident }: Notice, { now }: MessageContext): string {
  const { first, ended, event } = incident;
  const name = nameOf(incident);
  const trouble = troubleOf(incident);
  const lastedMs = (ended ?? now) - first;
  const critical = event === null ? '' : ' critical';
  switch (type) {
    case 'opened':
      return `${name}${critical}: ${trouble}`;
    case 'reminder':
      return `${name} still${critical}: ${trouble}, for ${duration(lastedMs)}`;
    case 'ended':
      return `${name}${event === null ? ', over' : ' well again'}: ${trouble}, for ${duration(lastedMs)}`;
    case 'passed':
      return lastedMs < 1000 ? `${name}: ${trouble}` : `${name} was${critical}: ${trouble}, for ${duration(lastedMs)}`;
  }
}

function summaryOf(notices: readonly Notice[], digest: boolean): string {
  const count = (type: Notice['type'], words: string) => {
    const number = notices.filter((notice) => notice.type === type).length;
    return number === 0 ? [] : [`${number} ${words}`];
  };
  const counts = [
    ...count('opened', 'new'),
    ...count('reminder', 'lasting'),
    ...count('passed', 'come and gone'),
    ...count('ended', 'over'),
  ];
  const names = [...new Set(notices.map(({ incident }) => nameOf(incident)))];
  const few = names.slice(0, 3).join(', ');
  return `${digest ? 'digest: ' : ''}${counts.join(', ')} (${names.length > 3 ? `${few}, …` : few})`;
}

function inFull(notice: Notice, context: MessageContext): string {
  const { incident, type } = notice;
  const { config, host, now } = context;
  const advice = incident.ended === null || incident.kind === 'roll' ? adviseOn(incident, config) : [];
  return [
    headlineOf(notice, context),
    '',
    line(incident.message, LINE_CHARS),
    '',
    `Event: ${incident.event === null ? 'none of the critical ones' : `${incident.event}, ${troubleOf(incident)}`}`,
    ...(incident.service === null ? [] : [`Service: ${incident.service}`]),
    ...(incident.host === null ? [] : [`Host: ${incident.host}`]),
    ...(incident.expected === null ? [] : [`Expected: ${line(incident.expected, LINE_CHARS)}`]),
    ...(incident.got === null ? [] : [`Got: ${line(incident.got, LINE_CHARS)}`]),
    ...limitOf(incident, config),
    `Elapsed: ${duration((incident.ended ?? now) - incident.first)}`,
    `Since: ${timeOf(incident.first)}`,
    ...(incident.ended === null ? [] : [`Until: ${timeOf(incident.ended)}`]),
    `Seen: ${incident.count === 1 ? 'once' : `${incident.count} times`}`,
    `Told because: ${line(notice.reason, LINE_CHARS)}`,
    ...(incident.logEntry === null ? [] : ['', 'Last log entry:', ...block(incident.logEntry)]),
    '',
    `What ctl did: ${line(incident.action ?? nothingDone(config, type), LINE_CHARS)}`,
    ...(advice.length === 0
      ? []
      : ['', `What to do next, on ${host}:`, ...advice.flatMap(({ command, why }) => [`${why}:`, `  ${command}`])]),
  ].join('\n');
}

const nothingDone = ({ monitor }: ClusterConfig, type: Notice['type']): string =>
  type === 'ended' || type === 'passed'
    ? 'nothing'
    : monitor.action === 'repair' && monitor.intervalMs > 0
      ? 'nothing yet'
      : 'nothing, it only watches ([monitor] action = check)';

/** From when on it is trouble, as cluster.ini has it. */
function limitOf({ event, kind, service }: Incident, { services, monitor }: ClusterConfig): string[] {
  const of = service === null ? undefined : services.get(service);
  switch (event) {
    case 1:
    case 2:
      if (kind === 'process') return ['Limit: once, for a process that ends'];
      return [
        `Limit: ${monitor.failures === 1 ? 'one bad round' : `${monitor.failures} bad rounds, or one check by hand`} ([monitor] failures)`,
      ];
    case 3:
      return of === undefined ? [] : [`Limit: ${of.maxProcessSizeKb} kB (max_process_size)`];
    case 4:
      return ['Limit: none may match critical_errors'];
    case 5:
      return of === undefined ? [] : [`Limit: ${of.timeoutMs / 1000} s (timeout)`];
    case null:
      return [];
  }
}

function inShort(headlines: readonly string[], config: ClusterConfig): string[] {
  if (headlines.length === 0) return [];
  const rest = headlines.length - IN_SHORT;
  return [
    [
      'And:',
      ...headlines.slice(0, IN_SHORT).map((headline) => `- ${headline}`),
      ...(rest > 0 ? [`- and ${rest} more, all of them in:`, `  ${commandOf(config, 'events')}`] : []),
    ].join('\n'),
  ];
}

const overLimit = ({ monitor }: ClusterConfig): string =>
  `It waited for this mail: there were ${monitor.maxMailsPerHour} in an hour ([monitor] max_mails_per_hour).`;

const nextMail = (at: number, { monitor }: ClusterConfig): string =>
  `This was mail ${monitor.maxMailsPerHour} of ${monitor.maxMailsPerHour} in an hour ([monitor] max_mails_per_hour).\nWhat comes now is told together, after ${timeOf(at)}.`;
