import type { BackendView, BalancerReport, BalancerView, Hold } from '../../../shared/model/balancer-report.js';
import type { Style } from './style.js';
import { type Cell, formatTable } from './table.js';
import { oneLine } from './text.js';
import { formatTime } from './units.js';

export interface BalancerOptions {
  /** What is well, too: the version and the driver. */
  readonly verbose: boolean;
  readonly now: number;
}

/** A line for every place of every client, and below what does not agree. */
export function formatBalancers(report: BalancerReport, { verbose, now }: BalancerOptions, style: Style): string {
  const header = ['BALANCER', 'CLIENT', 'ADDRESS', 'PLACE', 'FILE', 'RUNNING', 'ALIVE', 'SESSIONS', 'REQUESTS', 'BY HAND'];
  const rows = report.balancers.flatMap((balancer) => balancer.backends.map((backend) => row(balancer, backend, now, style)));
  const table = rows.length === 0 ? '' : formatTable([header.map((text) => ({ text, paint: style.dim })), ...rows]);
  const lines = [
    ...report.balancers.flatMap((balancer) => aboutBalancer(balancer, verbose, style)),
    ...report.drift.map((text) => `${style.warn('drift')}  ${oneLine(text)}\n`),
    ...report.notes.map((text) => `${style.glyphs.dot} ${oneLine(text)}\n`),
  ];
  if (report.balancers.length === 0) return 'there is no balancer in cluster.ini\n';
  return `${table}${lines.length > 0 && table !== '' ? '\n' : ''}${lines.join('')}`;
}

function row({ name }: BalancerView, backend: BackendView, now: number, style: Style): Cell[] {
  const { inFile, inRuntime, alive, hold } = backend;
  const paintOf = (state: string) => (state === 'in' ? style.good : state === 'out' ? style.warn : style.bad);
  const agree = inFile === 'unkept' || inFile === inRuntime;
  return [
    { text: oneLine(name) },
    { text: backend.service === null ? '-' : oneLine(backend.service), paint: style.bold },
    { text: backend.address },
    { text: oneLine(backend.place), paint: style.dim },
    { text: inFile === 'unkept' ? '-' : inFile, paint: agree ? undefined : style.bad },
    { text: inRuntime, paint: agree ? paintOf(inRuntime) : style.bad },
    { text: alive === null ? '-' : alive ? 'yes' : 'DEAD', paint: alive === false ? style.bad : undefined },
    { text: backend.sessions === null ? '-' : String(backend.sessions) },
    { text: backend.inFlight === null ? '-' : String(backend.inFlight) },
    { text: hold === null ? '' : describe(hold, now), paint: style.warn },
  ];
}

/** `out by jane@desk until 2024-09-25 16:00:00: memory`. */
function describe({ by, reason, until }: Hold, now: number): string {
  const end = until === null ? '' : until <= now ? `, since ${formatTime(until)} to go in` : ` until ${formatTime(until)}`;
  return oneLine(`out by ${by}${end}${reason === null ? '' : `: ${reason}`}`);
}

function aboutBalancer({ name, host, driver, version, why }: BalancerView, verbose: boolean, style: Style): string[] {
  if (why !== null) return [`${style.bad('unknown')}  ${oneLine(name)} on ${oneLine(host)}: ${oneLine(why)}\n`];
  return verbose ? [style.dim(`${oneLine(name)} on ${oneLine(host)}: ${driver ?? '?'}, version ${oneLine(version ?? '?')}\n`)] : [];
}
