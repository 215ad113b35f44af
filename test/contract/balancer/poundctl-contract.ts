import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { http } from '../../../shared/ports/http.js';
import { oldPound, type OldPoundOptions } from '../../support/old-pound.js';
import { expectStickySessions } from './contract.js';
import { describeDriverContract, standings } from './driver-contract.js';
import { expectNoLostRequest } from './no-lost-request.js';
import { createPoundSite } from './pound-site.js';
import { options, type Site } from './site.js';

/**
 * What a Pound holds to whose control socket is driven by its own poundctl. The Pound is a new one; the `poundctl` beside it talks like
 * that of 2.8 (test/support/old-pound).
 */
export function describePoundctlContract(title: string, exeOf: () => string): void {
  const open = (old: OldPoundOptions = {}) =>
    createPoundSite({
      exe: exeOf(),
      driverName: 'pound-poundctl',
      spec: async (folder) => ({ exe: await oldPound(folder, exeOf(), old) }),
    });
  describeDriverContract(`${title}, by an old poundctl`, () => open());

  describe(`${title}, by an old poundctl, as a Pound`, () => {
    let site: Site;
    beforeEach(async () => {
      site = await open();
    });
    afterEach(() => site.end());

    it('finds each backend by its address, wherever it stands, and says which version it is', async () => {
      const state = await site.driver.state(options());
      expect(state.version).toBe('2.8');
      const well = { inFile: 'in', inRuntime: 'in', alive: true, sessions: 0, inFlight: null };
      expect(state.backends).toEqual(site.places.map((place) => ({ ...place, ...well })));
    });

    it('heals a Pound that somebody told otherwise by hand', async () => {
      const [first] = site.addresses;
      await http({ method: 'DELETE', url: 'http://pound/service/0/0', socketPath: site.control, ...options() });
      expect(standings(await site.driver.state(options()), first)).toEqual(['in/in', 'in/out']);
      await site.driver.set({ address: first, wanted: 'in' }, options());
      expect(standings(await site.driver.state(options()), first)).toEqual(['in/in', 'in/in']);
    });

    it('a sticky session stays with a backend that is out, unless sessions are deleted', () => expectStickySessions(site));

    it('loses no request of busy and idle visitors when a backend goes out, stops, starts and comes in', () => expectNoLostRequest(site));
  });

  it('a poundctl whose letters mean the opposite is understood all the same', async () => {
    const site = await open({ letters: 'the other way round' });
    try {
      const [first] = site.addresses;
      for (const wanted of ['out', 'in'] as const) {
        await site.driver.set({ address: first, wanted }, options());
        expect(standings(await site.driver.state(options()), first)).toEqual([`${wanted}/${wanted}`, `${wanted}/${wanted}`]);
      }
    } finally {
      await site.end();
    }
  });
}
