import { siteUrl, type ClusterPlan } from './cluster-plan.js';
import type { LoadStats } from './load.js';

/** What the demo proves, in figures. */
export interface DemoResult {
  /** Clients that are new processes now. */
  readonly clients: number;
  readonly pools: number;
  readonly requests: number;
  readonly failed: number;
  readonly seconds: number;
  /** `pound 4.16` or `stand-in`. */
  readonly balancer: string;
}

export interface Visitors {
  readonly busy: number;
  readonly idle: number;
}

/** What a newcomer sees first: what runs now, and what is about to happen to it. */
export function introduction(plan: ClusterPlan, pound: string, visitors: Visitors): string {
  const rows: [string, string][] = [
    ['visitors', `${visitors.busy} busy and ${visitors.idle} idle keep-alive connections`],
    ['balancer', `${pound}, http://127.0.0.1:${plan.pound.port}/`],
    ['clients', clientsLine(plan)],
    ['database', `a ZEO server, port ${plan.zeo.port}`],
    ['ctl', `a controller, and an agent on each of two "hosts": ${plan.agents.map((agent) => agent.name).join(', ')}`],
  ];
  return [
    '',
    '  A live cluster on this machine. Every client of it is about to be restarted, and no visitor shall notice.',
    '',
    ...rows.map(([name, text]) => `    ${name.padEnd(10)}${text}`),
    '',
    `  $ ctl -a start -c ${plan.controller.ini}`,
    '',
  ].join('\n');
}

export const resultLine = (result: DemoResult): string =>
  `${result.clients} clients in ${result.pools} pools restarted · ${count(result.requests)} requests · ${count(result.failed)} failed · ` +
  `${result.seconds.toFixed(1)} s · ${result.balancer}`;

/** Why the demo did not show what it should; empty: it did. */
export function complaints(plan: ClusterPlan, result: DemoResult, ctlExit: number | null, load: LoadStats): string[] {
  const first = load.failures.slice(0, 5).map(({ at, why }) => `  ${new Date(at).toISOString().slice(11, 23)} ${why}`);
  return [
    ...(ctlExit === 0 ? [] : [`ctl ended with ${ctlExit ?? 'a signal'}`]),
    ...(result.clients === plan.clients.length ? [] : [`only ${result.clients} of ${plan.clients.length} clients are new processes`]),
    ...(load.failed === 0 ? [] : [`${count(load.failed)} requests failed, the first of them:`, ...first]),
  ];
}

/** What to try on a cluster that is left running. `ctl` is how to call it from where the reader is. */
export function whatToTry(plan: ClusterPlan, ctl: string): string {
  const ini = plan.controller.ini;
  const [client] = plan.clients;
  return [
    '',
    '  It is left running. Try:',
    '',
    `    ${ctl} check -c ${ini}`,
    `    ${ctl} restart ${client?.name ?? ''} -c ${ini}`,
    `    ${ctl} start --dry-run -c ${ini}`,
    `    ${ctl} operations list -c ${ini}`,
    `    curl -i ${siteUrl(plan)}`,
    '',
    `  and to end it:  npm run demo -- --end ${plan.folder}`,
    '',
  ].join('\n');
}

function clientsLine(plan: ClusterPlan): string {
  const pools = [...new Set(plan.clients.map((client) => client.pool))];
  const each = pools.map((pool) => `pool ${pool}: ${plan.clients.flatMap((c) => (c.pool === pool ? [c.name] : [])).join(', ')}`);
  return `${plan.clients.length} that behave like Zope (${each.join('; ')})`;
}

const count = (n: number): string => n.toLocaleString('en-US');
