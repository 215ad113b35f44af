import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { until } from '../../../deploy/demo/until.js';
import { http } from '../../../shared/ports/http.js';
import type { TestBackend } from '../../contract/balancer/backends.js';
import { describeDriverContract, standings } from '../../contract/balancer/driver-contract.js';
import { createHaproxySite } from '../../contract/balancer/haproxy-site.js';
import { expectNoLostRequest } from '../../contract/balancer/no-lost-request.js';
import { options, type Site } from '../../contract/balancer/site.js';
import { findHaproxy } from '../../support/haproxy.js';
import { realPart, setUpLimit } from '../../support/real.js';

const haproxy = await realPart('HAProxy', findHaproxy({ signal: setUpLimit() }));

describe.skipIf(haproxy === null)('the real HAProxy', () => {
  const open = () => createHaproxySite(haproxy?.exe ?? '');
  describeDriverContract(`HAProxy ${haproxy?.version ?? ''}`, open);

  describe('as a HAProxy', () => {
    let site: Site;
    beforeEach(async () => {
      site = await open();
    });
    afterEach(() => site.end());
    const inFlightTo = async (address: string) =>
      (await site.driver.state(options())).backends.filter((b) => b.address === address).reduce((sum, b) => sum + (b.inFlight ?? 0), 0);

    it('counts the requests under way, also those of a backend that went out meanwhile, and no idle connection', async () => {
      const [backend] = site.backends;
      const [address] = site.addresses;
      await site.driver.set({ address: site.addresses[1], wanted: 'out' }, options());
      await http({ url: site.url, ...options() });
      expect(await inFlightTo(address)).toBe(0);
      const answer = backend.hold();
      const visits = [1, 2].map(() => http({ url: site.url, keepBytes: 20, ...options() }));
      await until('both requests to be under way', async () => (await inFlightTo(address)) === 2, options());
      await site.driver.set({ address: site.addresses[1], wanted: 'in' }, options());
      await site.driver.set({ address, wanted: 'out' }, options());
      expect(await inFlightTo(address)).toBe(2);
      answer();
      expect((await Promise.all(visits)).map(({ status, body }) => `${status} ${body}`)).toEqual([
        `200 ${backend.port}`,
        `200 ${backend.port}`,
      ]);
      await until('nothing to be under way', async () => (await inFlightTo(address)) === 0, options());
    });

    it('says of a backend that nobody looks at while it is out, and that it is dead when it is in and does not answer', async () => {
      const [address] = site.addresses;
      const alive = async () => (await site.driver.state(options())).backends.find((b) => b.address === address)?.alive;
      expect(await alive()).toBe(true);
      await site.driver.set({ address, wanted: 'out' }, options());
      expect(await alive()).toBeNull();
      await site.driver.set({ address, wanted: 'in' }, options());
      await site.backends[0].stop();
      await until('it to be found dead', async () => (await alive()) === false, options());
    });

    it('counts who is bound to a backend, and sends him elsewhere as soon as it is out', async () => {
      const visit = async () => Number((await http({ url: site.url, headers: { cookie: 'zope=abc' }, keepBytes: 20, ...options() })).body);
      const port = await visit();
      const address = `127.0.0.1:${port}`;
      const places = async () => (await site.driver.state(options())).backends.filter((b) => b.address === address);
      expect((await places()).find((b) => b.place.startsWith('site/'))?.sessions).toBe(1);
      expect((await site.driver.state(options())).backends.find((b) => b.place === 'fallback/one')?.sessions).toBeNull();
      expect(await visit()).toBe(port);
      await site.driver.set({ address, wanted: 'out' }, options());
      expect(await visit()).not.toBe(port);
    });

    it('heals a HAProxy that somebody told otherwise by hand, drained or in maintenance', async () => {
      const [first] = site.addresses;
      const text = await site.text();
      const byRuntimeAlone = site.driverWith({ conf: '' });
      await byRuntimeAlone.set({ address: first, wanted: 'out' }, options());
      expect(standings(await site.driver.state(options()), first)).toEqual(['in/out', 'in/out']);
      expect(await site.text()).toBe(text);
      await site.driver.set({ address: first, wanted: 'in' }, options());
      expect(standings(await site.driver.state(options()), first)).toEqual(['in/in', 'in/in']);
    });

    it('without a file says that the state is kept in none', async () => {
      const driver = site.driverWith({ conf: '' });
      await driver.set({ address: site.addresses[1], wanted: 'out' }, options());
      expect((await driver.state(options())).backends.map((b) => `${b.inFile}/${b.inRuntime}`)).toEqual([
        'unkept/in',
        'unkept/out',
        'unkept/in',
      ]);
    });

    it('looks at the sections that cluster.ini names alone, and says so of one that is not there', async () => {
      const driver = site.driverWith({ backends: ['site'] });
      await driver.set({ address: site.addresses[0], wanted: 'out' }, options());
      expect(standings(await site.driver.state(options()), site.addresses[0])).toEqual(['out/out', 'in/in']);
      await expect(site.driverWith({ backends: ['zope'] }).state(options())).rejects.toMatchObject({
        code: 'config',
        message: 'the running HAProxy has no servers in a backend "zope"',
        hint: 'it has them in site, fallback: see `backend` of balancer in cluster.ini',
      });
    });

    it('a stats socket without the level for it is denied, with the line to write', async () => {
      await site.write((await site.text()).replace('level admin', 'level user'));
      await site.restart();
      await expect(site.driver.set({ address: site.addresses[0], wanted: 'out' }, options())).rejects.toMatchObject({
        code: 'denied',
        hint: `write "stats socket ${site.control} level admin" in its global section`,
      });
    });

    it('loses no request of busy and idle visitors when each backend stops as soon as the count is zero', () => {
      const counted = async (_: Site, backend: TestBackend) => {
        await until('the count to be zero', async () => (await inFlightTo(`127.0.0.1:${backend.port}`)) === 0, options());
      };
      return expectNoLostRequest(site, counted);
    });
  });
});
