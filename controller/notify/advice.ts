import type { Incident } from '../../shared/model/incident.js';
import type { ClusterConfig } from '../config/cluster.js';

export interface Advice {
  /** As it has to be typed in a shell. */
  readonly command: string;
  /** What it is for. */
  readonly why: string;
}

/** What an operator types next about trouble that lasts: first what looks, last what changes something. */
export function adviseOn({ service, host, event, kind }: Incident, config: ClusterConfig): Advice[] {
  const of = (why: string, ...words: string[]): Advice => ({ why, command: commandOf(config, ...words) });
  if (service === null) {
    if (kind === 'roll') return [of('See what is not well', 'check'), of('Roll when it is', 'start')];
    const agent: Advice[] =
      kind === 'unmeasured' && host !== null
        ? [{ why: `On ${host} itself, whether its agent runs`, command: 'systemctl status ctl-agent' }]
        : [];
    return [...agent, of('See what is still measured', 'check'), of('And what was seen last', 'status')];
  }
  const check = of('Measure it now', 'check', service);
  const log = config.clients.some(({ spec }) => spec.name === service)
    ? [of('Read the end of its log', 'log', service, '--tail', '20')]
    : [];
  const letIn = log.length === 0 ? [] : [of('Or let it into the balancer as it is', 'balancer', 'in', service)];
  const repair = of('Restart what is critical, safely', 'repair', service);
  switch (event) {
    case 1:
    case 2:
      return [check, ...log, repair];
    case 3:
      return [of('See its memory now', 'mem', service), repair];
    case 4:
      return [...log, of('Restart it if the cause is gone', 'restart', service)];
    case 5:
      return [check, of('See its memory', 'mem', service), ...log, of('Restart it if it is stuck', 'restart', service)];
    case null:
      if (kind === 'process') return [check, ...log, of('Start it', 'start', service)];
      if (kind !== 'repair') return [check];
      return [check, ...log, of('Restart it when the cause is gone', 'start', service), ...letIn];
  }
}

/** `ctl mem zeoclient1.1 -c /srv/cluster.ini` */
export const commandOf = (config: ClusterConfig, ...words: readonly string[]): string =>
  ['ctl', ...words, '-c', config.path].map(quoted).join(' ');

const quoted = (word: string): string => (/^[\w./:@%+=,-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`);
