import { readFile, writeFile } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { AppError } from '../../../shared/errors.js';
import { answers, describeDriverContract, standings } from './driver-contract.js';
import { createPoundSite } from './pound-site.js';
import { options, type Site } from './site.js';

/** What every Pound holds to that is told by its file alone. */
export function describePoundFileContract(title: string, exeOf: () => string): void {
  const open = () => createPoundSite({ exe: exeOf(), driverName: 'pound-file', spec: { control: '' } });
  describeDriverContract(`${title}, by its file alone`, open, { restarts: true });

  describe(`${title}, by its file alone, as a Pound`, () => {
    let site: Site;
    beforeEach(async () => {
      site = await open();
    });
    afterEach(() => site.end());

    it('restarts once for all orders that come together', async () => {
      await Promise.all(site.addresses.map((address) => site.driver.set({ address, wanted: 'out' }, options())));
      expect(site.starts()).toBe(2);
      await Promise.all(site.addresses.map((address) => site.driverWith({}).set({ address, wanted: 'in' }, options())));
      expect(site.starts()).toBe(3);
    });

    it('answers orders that come together one by one: a wrong one does not spoil the others', async () => {
      const [first] = site.addresses;
      const [well, wrong] = await Promise.allSettled([
        site.driver.set({ address: first, wanted: 'out' }, options()),
        site.driver.set({ address: '127.0.0.1:1', wanted: 'out' }, options()),
      ]);
      expect(well.status).toBe('fulfilled');
      expect(wrong).toMatchObject({ status: 'rejected', reason: { code: 'not-found' } });
      expect(standings(await site.driver.state(options()), first)).toEqual(['out/out', 'out/out']);
    });

    it('tells of nothing that only a Pound with a control socket tells', async () => {
      const untold = { alive: null, sessions: null, inFlight: null };
      expect((await site.driver.state(options())).backends.map(({ alive, sessions, inFlight }) => ({ alive, sessions, inFlight }))).toEqual(
        [untold, untold, untold],
      );
    });

    it('does not know what runs when the file was changed after the start, and tells Pound anew', async () => {
      const [first] = site.addresses;
      await writeFile(site.conf, await readFile(site.conf));
      expect(standings(await site.driver.state(options()), first)).toEqual(['in/unknown', 'in/unknown']);
      await site.driver.set({ address: first, wanted: 'in' }, options());
      expect(standings(await site.driver.state(options()), first)).toEqual(['in/in', 'in/in']);
      expect(site.starts()).toBe(2);
    });

    it('knows what runs when somebody else has started Pound', async () => {
      const [first] = site.addresses;
      await site.driver.set({ address: first, wanted: 'out' }, options());
      await site.write((await site.text()).replaceAll(/^[ \t]*Disabled 1\n/gm, ''));
      expect(standings(await site.driver.state(options()), first)).toEqual(['in/out', 'in/out']);
      await site.restart();
      expect(standings(await site.driver.state(options()), first)).toEqual(['in/in', 'in/in']);
    });

    it('gives Pound its old file back when it does not come up with the new one', async () => {
      const before = await site.text();
      // Well by its own check, but the address of the listener is not one of this host.
      await site.write(before.replace(/(ListenHTTP "main"\n\tAddress) 127\.0\.0\.1/, '$1 192.0.2.1'));
      const written = await site.text();
      await expect(site.driver.set({ address: site.addresses[0], wanted: 'out' }, options())).rejects.toMatchObject({ code: 'failed' });
      expect(await site.text()).toBe(written);
      await site.write(before);
    });

    it('changes nothing on a host that does not let its services be restarted', async () => {
      const denied = () => {
        throw new AppError('denied', 'agent.ini does not allow "stop"');
      };
      const guarded = await createPoundSite({ exe: exeOf(), driverName: 'pound-file', spec: { control: '' }, mayRestart: denied });
      try {
        const before = await guarded.text();
        const order = guarded.driver.set({ address: guarded.addresses[0], wanted: 'out' }, options());
        await expect(order).rejects.toMatchObject({ code: 'denied', message: 'agent.ini does not allow "stop"' });
        expect(await guarded.text()).toBe(before);
        expect(guarded.starts()).toBe(1);
      } finally {
        await guarded.end();
      }
    });

    it('an order that is given up while it waits changes nothing', async () => {
      const abort = new AbortController();
      const given = site.driver.set({ address: site.addresses[0], wanted: 'out' }, { ...options(), signal: abort.signal });
      abort.abort();
      await expect(given).rejects.toMatchObject({ code: 'cancelled' });
      await site.driver.set({ address: site.addresses[1], wanted: 'out' }, options());
      expect((await answers(site, 4)).sort()).toEqual([site.backends[0].port]);
    });
  });
}
