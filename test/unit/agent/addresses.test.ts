import { describe, expect, it } from 'vitest';
import { createAddresses } from '../../../agent/addresses.js';
import type { BalancerState } from '../../../shared/model/balancer.js';
import type { ServiceSpec } from '../../../shared/model/service.js';
import { fakeClock, never } from '../controller/checks/fixtures.js';

const client: ServiceSpec = { name: 'c1', type: 'ZeoClient', serviceName: 'Zope_1', manager: 'auto', ip: '10.0.0.1', port: 8080 };
const pound: ServiceSpec = {
  ...{ name: 'pound', type: 'Pound', serviceName: 'Pound', manager: 'auto', ip: '10.0.0.1', port: 80 },
  balancer: { kind: 'pound', conf: '', control: '', exe: '', apply: 'auto', sessions: 'delete' },
};
const states = (address: string): BalancerState => ({
  ...{ name: 'pound', driver: 'pound-control', version: '4.16', aliveIntervalS: 5 },
  backends: [{ address, place: 'a/b', inFile: 'in', inRuntime: 'in', alive: true, sessions: 0, inFlight: null }],
});

function gate(services: readonly ServiceSpec[], balancer: () => Promise<BalancerState> = async () => states('10.0.0.2:8080')) {
  const clock = fakeClock();
  let asked = 0;
  const requireAddress = createAddresses({
    clock,
    services: async () => services,
    balancer: () => {
      asked += 1;
      return balancer();
    },
    local: () => ['127.0.0.1', '10.0.0.1'],
  });
  return { clock, asked: () => asked, allows: (ip: string, port: number) => requireAddress({ ip, port }, never) };
}
const denied = { code: 'denied', message: expect.stringContaining('is neither a service of this host nor a backend') as string };

describe('what an agent looks at for its controller', () => {
  it('are the services of its own host', async () => {
    const { allows, asked } = gate([client]);
    await allows('10.0.0.1', 8080);
    await expect(allows('10.0.0.1', 22)).rejects.toMatchObject(denied);
    expect(asked()).toBe(0);
  });

  it('are not services that the controller calls its own and that are elsewhere', async () => {
    const { allows } = gate([{ ...client, ip: '169.254.169.254', port: 80 }]);
    await expect(allows('169.254.169.254', 80)).rejects.toMatchObject(denied);
  });

  it('are the backends that a balancer of this host has in its own configuration, asked once for a round', async () => {
    const { allows, asked, clock } = gate([client, pound]);
    await allows('10.0.0.2', 8080);
    await allows('10.0.0.2', 8080);
    await expect(allows('10.0.0.3', 8080)).rejects.toMatchObject(denied);
    expect(asked()).toBe(1);
    await clock.sleep(6_000, never);
    await allows('10.0.0.2', 8080);
    expect(asked()).toBe(2);
  });

  it('are none while the balancer cannot be asked, and the reason is told', async () => {
    let works = false;
    const { allows } = gate([pound], async () => {
      if (works) return states('10.0.0.2:8080');
      throw new Error('its control socket hangs');
    });
    await expect(allows('10.0.0.2', 8080)).rejects.toMatchObject({
      message: expect.stringContaining('pound could not be asked: its control socket hangs') as string,
    });
    works = true;
    await allows('10.0.0.2', 8080);
  });
});
