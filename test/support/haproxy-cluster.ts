import { join } from 'node:path';
import type { ClusterPlan, OtherBalancer } from '../../deploy/demo/cluster-plan.js';
import type { DebianProgram } from './debian-program.js';

/** HAProxy in front of the clients of a cluster, in the place of Pound. */
export function haproxyInFront({ exe }: Pick<DebianProgram, 'exe'>): OtherBalancer & { plan(plan: ClusterPlan): ClusterPlan } {
  return {
    exe,
    plan(plan) {
      const { folder } = plan.pound;
      const names = { name: 'haproxy', serviceName: 'HAProxy', logFile: join(folder, 'log', 'haproxy.log') };
      const files = { conf: join(folder, 'haproxy.cfg'), control: join(folder, 'haproxy.sock'), pidFile: join(folder, 'haproxy.pid') };
      return { ...plan, pound: { ...plan.pound, ...names, ...files } };
    },
    section: ({ pound }) => ({ type: 'HAProxy', conf: pound.conf, control: pound.control, backend: 'zope', exe, drain: 20 }),
    conf: haproxyConf,
    command({ pound }) {
      // The master stays in the foreground and writes the pid file.
      const args = ['-W', '-f', pound.conf, '-p', pound.pidFile] as const;
      return exe.startsWith('/') ? [exe, ...args] : ['/usr/bin/env', exe, ...args];
    },
  };
}

const haproxyConf = ({ pound, clients }: ClusterPlan): string =>
  [
    '# The balancer in front of the clients.',
    'global',
    `  stats socket ${pound.control} level admin mode 600`,
    '  hard-stop-after 2s',
    'defaults',
    '  mode http',
    '  timeout connect 5s',
    // A browser may be silent on its connection for the whole of a roll.
    '  timeout client 300s',
    '  timeout server 60s',
    '  default-server inter 500ms rise 1 fall 3',
    '',
    'frontend main',
    `  bind 127.0.0.1:${pound.port}`,
    '  default_backend zope',
    '',
    'backend zope',
    '  balance roundrobin',
    ...clients.map(({ name, port }) => `  server ${name} 127.0.0.1:${port} check`),
    '',
  ].join('\n');
