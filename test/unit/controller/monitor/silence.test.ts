import { expect, it } from 'vitest';
import { silentServices } from '../../../../controller/monitor/silence.js';
import { aClient, aCluster, aService } from '../checks/fixtures.js';
import { down } from '../incidents/reports.js';

const config = aCluster([
  aService({ name: 'zeo', type: 'ZeoServer' }),
  aClient({ name: 'client1' }),
  aClient({ name: 'client2' }),
  aService({ name: 'memcached' }),
  aService({ name: 'varnish', type: 'Varnish' }, { depends: ['memcached'] }),
  aService({ name: 'apache' }, { depends: ['varnish'] }),
]);
const none = new Set<string>();

it('what an operation works on says nothing of itself', () => {
  expect(silentServices(config, new Set(['client1']), none, [])).toEqual(new Set(['client1']));
});

it('no client can be well while its ZEO server is worked on', () => {
  expect(silentServices(config, new Set(['zeo']), none, [])).toEqual(new Set(['zeo', 'client1', 'client2']));
});

it('what depends on it cannot be well either, nor what depends on that', () => {
  expect(silentServices(config, new Set(['memcached']), none, [])).toEqual(new Set(['memcached', 'varnish', 'apache']));
});

it('what was stopped on purpose is no trouble as long as it is stopped', () => {
  const stopped = new Set(['client1', 'client2']);
  const reports = [down({ name: 'client1', state: 'stopped' }), down({ name: 'client2', state: 'critical' })];
  expect(silentServices(config, none, stopped, reports)).toEqual(new Set(['client1']));
  expect(silentServices(config, none, none, reports)).toEqual(none);
});
