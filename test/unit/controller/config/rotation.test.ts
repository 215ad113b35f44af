import { describe, expect, it } from 'vitest';
import { parseCluster } from '../../../../controller/config/parse.js';

const parse = (text: string) => {
  const { config, problems } = parseCluster(text, '/etc/ctl/cluster.ini');
  expect(problems.filter(({ severity }) => severity === 'error')).toEqual([]);
  return config?.services;
};
const CLIENT = (more: string) => `[c1]
type = ZeoClient
machine = web1
ip = 127.0.0.1
port = 8080
service_name = c1
${more}
`;

describe('what of a service is rotated', () => {
  it('are its rotate_logs, by the keys of [DEFAULT] or its own', () => {
    const services = parse(`[DEFAULT]
archivedir = /srv/archive
archive_compress = gzip
archive_keep = 90
rotate_at = 03:30
rotate_size = 500
[cluster]
zeoclients = c1
${CLIENT('rotate_logs =\n    /srv/zope/1/log/event.log\n    /srv/zope/1/log/Z2.log\nrotate_method = pause')}`);
    expect(services?.get('c1')).toMatchObject({
      spec: {
        rotation: {
          logs: ['/srv/zope/1/log/event.log', '/srv/zope/1/log/Z2.log'],
          ...{ archiveDir: '/srv/archive', compress: 'gzip', keepDays: 90, method: 'pause' },
        },
      },
      schedule: { at: { hour: 3, minute: 30 }, atBytes: 500 * 1024 * 1024 },
    });
  });

  it('takes archivedir from [cluster], where old files have it, unless there is one in [DEFAULT]', () => {
    const archiveDir = (defaults: string) =>
      parse(
        `[DEFAULT]\n${defaults}\n[cluster]\nzeoclients = c1\narchivedir = D:\\archive\n${CLIENT('rotate_logs = D:\\log\\event.log')}`,
      )?.get('c1')?.spec.rotation?.archiveDir;
    expect(archiveDir('')).toBe('D:\\archive');
    expect(archiveDir('archivedir = E:\\archive')).toBe('E:\\archive');
  });

  it('is nothing without rotate_logs', () => {
    const services = parse(`[cluster]\nzeoclients = c1\n${CLIENT('')}`);
    expect(services?.get('c1')?.spec.rotation).toBeUndefined();
    expect(services?.get('c1')?.schedule).toBeUndefined();
  });

  it('of a Squid goes with its program and its configuration', () => {
    const squid = '[proxy]\ntype = Squid\nmachine = lb1\nip = 127.0.0.1\nport = 3128\nservice_name = squid\n';
    const services = parse(
      `[cluster]\nzeoclients = c1\nfrontend = proxy\n${CLIENT('')}${squid}exe = /usr/sbin/squid\nconf = /etc/squid/squid.conf\nrotate_logs = /var/log/squid/access.log\n`,
    );
    expect(services?.get('proxy')?.spec.rotation).toMatchObject({ squid: { exe: '/usr/sbin/squid', conf: '/etc/squid/squid.conf' } });
  });
});
