import { describe, expect, it } from 'vitest';
import { clusterFiles } from '../../../../deploy/demo/cluster-files.js';
import { planCluster, portsNeeded, siteUrl, type StartCommands } from '../../../../deploy/demo/cluster-plan.js';

const commands: StartCommands = {
  zeo: ({ folder }) => ['/bin/zeo', '--folder', folder],
  client: ({ name, port }) => ['/bin/a client', name, String(port), '100%'],
  poundExe: '/opt/pound',
};
const plan = planCluster({ clients: 3, pools: 2 }, '/t', [7400, 8100, 80, 8081, 8082, 8083]);
const files = clusterFiles(plan, commands, { cluster: { min_active: 2 }, pound: { drain: 5 } });
const file = (path: string) => files[path] ?? '';

describe('the plan of a cluster', () => {
  it('spreads clients over pools of neighbours as evenly as can be', () => {
    const names = (clients: number, pools: number) =>
      planCluster({ clients, pools }, '/t', new Array<number>(portsNeeded(clients)).fill(1)).clients.map((client) => client.name);
    expect(names(4, 2)).toEqual(['zeoclient1.1', 'zeoclient1.2', 'zeoclient2.1', 'zeoclient2.2']);
    expect(names(5, 2)).toEqual(['zeoclient1.1', 'zeoclient1.2', 'zeoclient1.3', 'zeoclient2.1', 'zeoclient2.2']);
    expect(names(2, 3)).toEqual(['zeoclient1.1', 'zeoclient2.1']);
  });

  it('refuses a folder in which the control socket would have too long a path', () => {
    expect(() => planCluster({ clients: 1, pools: 1 }, `/${'x'.repeat(100)}`, [1, 2, 3, 4])).toThrow(
      /^the socket path .* is longer than 107 bytes$/,
    );
  });

  it('asks for the site as a cache in front of the balancer does', () => {
    expect(siteUrl(plan, 'news')).toBe('http://127.0.0.1:80/VirtualHostBase/http/www.example.org:80/site/VirtualHostRoot/news');
  });
});

describe('the files of a cluster', () => {
  it('are cluster.ini, an agent.ini for each host and pound.cfg', () => {
    expect(Object.keys(files)).toEqual(['/t/cluster.ini', '/t/web/agent.ini', '/t/app/agent.ini', '/t/web/pound.cfg']);
  });

  it('name every client with its pool, port and files, and let settings win', () => {
    const ini = file('/t/cluster.ini');
    expect(ini).toContain('zeoclients = zeoclient1.1, zeoclient1.2, zeoclient2.1\nfrontend = zeo, pound\nmin_active = 2\n');
    expect(ini).toMatch(/\[zeoclient2\.1\]\ntype = ZeoClient\nmachine = app\n(?:.*\n)*port = 8083\npool = 2\nservice_name = Zope_2\.1\n/);
    expect(ini).toContain('control = /t/web/pound.sock\nexe = /opt/pound\ndrain = 5\n');
  });

  it('let each agent start its own services and nothing else, with what has to be quoted quoted', () => {
    expect(file('/t/web/agent.ini').match(/\[command .*\]/g)).toEqual(['[command Pound]']);
    expect(file('/t/web/agent.ini')).toContain('paths = /t/web, /opt/pound\n');
    expect(file('/t/app/agent.ini')).toContain('[command Zope_1.2]\nstart = "/bin/a client" zeoclient1.2 8082 100%%\n');
    expect(file('/t/app/agent.ini')).toContain('services = Zope_*, ZEO\npaths = /t/app\n');
  });

  it('put each client behind the balancer once', () => {
    expect(file('/t/web/pound.cfg').match(/Port \d+/g)).toEqual(['Port 80', 'Port 8081', 'Port 8082', 'Port 8083']);
  });

  it('refuse a command that the dialect cannot express', () => {
    expect(() => clusterFiles(plan, { ...commands, client: () => ['/bin/x', 'a"b'] })).toThrow(
      'a command in an ini file cannot hold the argument "a\\"b"',
    );
  });
});
