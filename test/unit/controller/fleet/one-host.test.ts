import { describe, expect, it } from 'vitest';
import type { Fleet } from '../../../../controller/fleet/fleet.js';
import { createOneHostFleet } from '../../../../controller/fleet/one-host.js';
import type { AgentApi } from '../../../../shared/model/agent-api.js';
import type { ServiceSpec } from '../../../../shared/model/service.js';
import { aService } from '../checks/fixtures.js';

const agentOf = (host: string) => ({ host }) as unknown as AgentApi;

/** Links to one agent, `vm`, under whose name all has to go. */
function fleetOfVm() {
  const assigned: (readonly [string, readonly string[]])[] = [];
  const links: Fleet = {
    agent: agentOf,
    hosts: () => [{ host: 'vm', connected: true, lastSeen: 7, version: '1', skewMs: null }],
    assign: (host, services: readonly ServiceSpec[]) => void assigned.push([host, services.map(({ name }) => name)]),
  };
  return { assigned, fleet: createOneHostFleet(links, { agent: 'vm', hosts: new Set(['web', 'app']) }) };
}

const spec = (name: string) => aService({ name }).spec;
const ask = { timeoutMs: 1000, signal: new AbortController().signal };

describe('the fleet of one host', () => {
  it('asks the one agent for every name of its host', () => {
    const { fleet } = fleetOfVm();
    expect([fleet.agent('web'), fleet.agent('app')]).toEqual([agentOf('vm'), agentOf('vm')]);
    expect(fleet.hosts()).toEqual(['web', 'app'].map((host) => ({ host, connected: true, lastSeen: 7, version: '1', skewMs: null })));
  });

  it('assigns the services of all these names together, and none of elsewhere', () => {
    const { fleet, assigned } = fleetOfVm();
    fleet.assign('web', [spec('pound')]);
    fleet.assign('db', [spec('zeo')]);
    fleet.assign('app', [spec('c1'), spec('c2')]);
    fleet.assign('web', []);
    expect(assigned).toEqual([
      ['vm', ['pound']],
      ['vm', ['pound', 'c1', 'c2']],
      ['vm', ['c1', 'c2']],
    ]);
  });

  it('refuses whatever is asked of another host, and says what helps', async () => {
    const agent = fleetOfVm().fleet.agent('db');
    const refusal = {
      code: 'precondition',
      message: 'db is not this host',
      hint: 'without `[controller] address` ctl acts on the services of this host (vm) alone: set it, run ctl-controller, and ctl-agent on every host',
    };
    await expect(agent.ping(ask)).rejects.toMatchObject(refusal);
    await expect(agent.process('zeo', ask)).rejects.toMatchObject(refusal);
    await expect(agent.start('zeo', { ...ask, commandId: '1' })).rejects.toMatchObject(refusal);
  });
});
