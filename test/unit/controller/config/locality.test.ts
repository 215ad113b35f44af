import { describe, expect, it } from 'vitest';
import { locateServices } from '../../../../controller/config/locality.js';
import { aClient, aCluster, aService } from '../checks/fixtures.js';

const HERE = { name: 'web1.example.org', addresses: ['127.0.0.1', '10.0.0.1', '2001:db8::1'] };

const clientAt = (name: string, host: string, ip: string) => aClient({ name, ip, serviceName: `Zope_${name}` }, { host });
const locate = (...clients: ReturnType<typeof clientAt>[]) => locateServices(aCluster(clients, { clients }), HERE);

describe('a service is of this host', () => {
  it.each([
    ['its machine has the name of this host', 'web1.example.org', '10.9.9.9'],
    ['its machine has the first part of that name, in any case', 'WEB1', '10.9.9.9'],
    ['its ip is that of an interface', 'other', '10.0.0.1'],
    ['its ip is that of an interface, written otherwise', 'other', '2001:0db8:0:0::0001'],
    ['its ip is a loopback address', 'other', '127.3.2.1'],
    ['its ip is the name of that', 'other', 'localhost'],
  ])('if %s', (_, host, ip) => {
    const { config, localHosts } = locate(clientAt('c1', host, ip));
    expect(localHosts).toEqual(new Set([host]));
    expect(config.services.get('c1')?.spec.serviceName).toBe('Zope_c1');
  });

  it.each([
    ['web2', '10.0.0.2'],
    ['web1.elsewhere.org', '10.0.0.2'],
    ['web1.example', '2001:db8::2'],
    ['10.0.0.2', 'a-name'],
  ])('but not at machine %s and ip %s', (host, ip) => {
    const { config, localHosts } = locate(clientAt('c1', host, ip));
    expect(localHosts).toEqual(new Set());
    expect(config.services.get('c1')).toMatchObject({ host, spec: { serviceName: '', ip } });
  });
});

describe('a cluster', () => {
  it('keeps a service elsewhere apart from one here that has the same machine', () => {
    const { config, localHosts } = locate(clientAt('c1', 'site', '10.0.0.1'), clientAt('c2', 'site', '10.0.0.2'));
    expect(localHosts).toEqual(new Set(['site']));
    expect(config.clients.map(({ host }) => host)).toEqual(['site', '10.0.0.2']);
  });

  it('has each service as one object in all its lists', () => {
    const [client, pound, zeo] = [clientAt('c1', 'web2', '10.0.0.2'), aService({ name: 'pound' }), aService({ name: 'zeo' })];
    const { config } = locateServices(aCluster([client, pound, zeo], { clients: [client], frontends: [pound] }), HERE);
    expect([...config.services.keys()]).toEqual(['c1', 'pound', 'zeo']);
    expect(config.clients[0]).toBe(config.services.get('c1'));
    expect(config.frontends[0]).toBe(config.services.get('pound'));
  });
});
