import { describe, expect, it } from 'vitest';
import { parseCluster } from '../../../../controller/config/parse.js';
import { formatProblem } from '../../../../shared/ini/ini.js';

const ini = (keys: string) => `[cluster]
zeoclients = c1
frontend = lb
[c1]
type = ZeoClient
machine = web1
ip = 10.0.0.1
port = 8081
service_name = Zope_1
[lb]
type = HAProxy
machine = front
ip = 10.0.0.9
port = 80
service_name = haproxy
${keys}`;
const parsed = (keys: string) => parseCluster(ini(keys), '/etc/cluster.ini', { file: 'cluster.ini' });

describe('a HAProxy in cluster.ini', () => {
  it('is read with its socket, its sections, its file and its program', () => {
    const { config, problems } = parsed(
      'control = /run/haproxy.sock\nbackend = zope, zope_admin\nconf = /etc/haproxy/haproxy.cfg\nexe = /usr/sbin/haproxy\ndrain = 7\n',
    );
    expect(problems).toEqual([]);
    const service = config?.services.get('lb');
    expect(service?.spec.balancer).toEqual({
      ...{ kind: 'haproxy', control: '/run/haproxy.sock', backends: ['zope', 'zope_admin'], apply: 'control', sessions: 'wait' },
      ...{ conf: '/etc/haproxy/haproxy.cfg', exe: '/usr/sbin/haproxy' },
    });
    expect(service?.drain).toEqual({ drainMs: 7000, quietMs: 0, timeToSleepMs: 0 });
  });

  it('without a file works by its socket alone, which is told', () => {
    const { config, problems } = parsed('control = /run/haproxy.sock\nbackend = zope\n');
    expect(problems.map(formatProblem)).toEqual([
      'cluster.ini:10: [lb] conf: is missing: a client that is out comes back in when HAProxy restarts (set "conf" to its haproxy.cfg)',
    ]);
    expect(config?.services.get('lb')?.spec.balancer).toMatchObject({ conf: '', exe: '', backends: ['zope'] });
  });
});
