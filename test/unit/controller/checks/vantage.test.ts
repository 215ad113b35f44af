import { describe, expect, it } from 'vitest';
import type { Service } from '../../../../controller/config/cluster.js';
import { createChecks } from '../../../../controller/checks/runner.js';
import { createVantages } from '../../../../controller/checks/vantage.js';
import type { AgentApi } from '../../../../shared/model/agent-api.js';
import { Secret } from '../../../../shared/model/secret.js';
import type { ProbeOrder } from '../../../../shared/model/probe.js';
import { aClient, aCluster, aFleet, aService, connectConfig, fakeClock, never } from './fixtures.js';

const pound = aService(
  { name: 'pound', type: 'Pound', balancer: { kind: 'pound', conf: '', control: '', exe: '', apply: 'auto', sessions: 'delete' } },
  { host: 'lb1' },
);

/** Agents that note what they are asked to look at, and find everything well. */
function watchers(...hosts: readonly string[]) {
  const asked: [string, ProbeOrder][] = [];
  const probeOf =
    (host: string): AgentApi['probe'] =>
    async (order) => {
      asked.push([host, order]);
      switch (order.kind) {
        case 'tcp':
          return { kind: 'tcp', outcome: { ok: true, ms: 1 } };
        case 'http':
          return { kind: 'http', outcome: { ok: true, status: 200, ms: 2, bytes: 3 } };
        case 'zeo':
          return { kind: 'zeo', outcome: { ok: true, connectMs: 1, ms: 2, greeting: 'Z5', storages: [], warnings: [] } };
      }
    };
  return { asked, fleet: aFleet(Object.fromEntries(hosts.map((host) => [host, { probe: probeOf(host) }]))) };
}

const looking = async (service: Service, hosts: readonly string[]) => {
  const { asked, fleet } = watchers(...hosts);
  const vantageOf = createVantages({ config: () => aCluster([service, pound]), fleet, clock: fakeClock() });
  const outcome = await vantageOf(service).tcp({ kind: 'tcp', ip: '10.9.9.9', port: 8080, timeoutMs: 50 }, never);
  return { outcome, hosts: asked.map(([host]) => host) };
};

describe('check_from', () => {
  it('has a service looked at by the agent of its own host', async () => {
    expect(await looking(aClient({}, { checkFrom: 'host', host: 'web7' }), ['web7', 'lb1'])).toEqual({
      outcome: { ok: true, ms: 1 },
      hosts: ['web7'],
    });
  });

  it('has clients looked at from where the balancer stands, and what no balancer knows from its own host', async () => {
    expect((await looking(aClient({}, { checkFrom: 'balancer', host: 'web7' }), ['web7', 'lb1'])).hosts).toEqual(['lb1']);
    expect((await looking(aClient({}, { checkFrom: 'balancer', host: 'web7', pool: 0 }), ['web7', 'lb1'])).hosts).toEqual(['web7']);
    expect((await looking(aService({}, { checkFrom: 'balancer', host: 'db1' }), ['db1', 'lb1'])).hosts).toEqual(['db1']);
  });

  it('leaves unknown what an agent that is away cannot look at, and never calls it down', async () => {
    expect((await looking(aClient({}, { checkFrom: 'host', host: 'web7' }), [])).outcome).toEqual({
      ok: false,
      fault: 'unmeasurable',
      why: 'not looked at from web7: the agent of web7 is away',
    });
  });

  it('holds for a whole check, with page and credentials: no connection is made from here', async () => {
    const client = aClient({ ip: '203.0.113.9', port: 8080 }, { checkFrom: 'host', host: 'web7' });
    const { asked, fleet } = watchers('web7');
    const connect = connectConfig({ login: 'admin', passwd: new Secret('pw') });
    const checks = createChecks({ config: () => aCluster([client], { connect }), fleet, clock: fakeClock() });
    const [report] = await checks.report([client], { path: 'news', signal: never });
    expect(report).toMatchObject({ tcp: { ok: true }, http: { ok: true, status: 200 } });
    expect(asked).toEqual([
      ['web7', expect.objectContaining({ kind: 'tcp', ip: '203.0.113.9', port: 8080 })],
      [
        'web7',
        expect.objectContaining({
          kind: 'http',
          path: '/VirtualHostBase/http/www.example.org:80/plone/VirtualHostRoot/news',
          authorization: 'Basic YWRtaW46cHc=',
        }),
      ],
    ]);
    expect((await checks.health(client, { timeoutMs: 50, signal: never })).ok).toBe(true);
  });

  it('holds for a ZEO server, which is asked by its protocol from there', async () => {
    const zeo = aService({ name: 'zeo', type: 'ZeoServer', ip: '203.0.113.9' }, { checkFrom: 'host', host: 'db1' });
    const { asked, fleet } = watchers('db1');
    const checks = createChecks({ config: () => aCluster([zeo]), fleet, clock: fakeClock() });
    expect((await checks.answers(zeo, { timeoutMs: 50, signal: never })).ok).toBe(true);
    expect(asked.map(([host, { kind }]) => `${host} ${kind}`)).toEqual(['db1 zeo']);
  });
});

describe('no route', () => {
  it('is unknown, not event 1, from wherever it is looked', async () => {
    const client = aClient({ ip: '127.255.255.255', port: 9 });
    const { fleet } = watchers();
    const checks = createChecks({ config: () => aCluster([client]), fleet, clock: fakeClock() });
    const [report] = await checks.report([client], { path: '', signal: never });
    expect(report?.state).toBe('unknown');
    expect(report?.findings.every(({ event }) => event === null)).toBe(true);
  });
});
