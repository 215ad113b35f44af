import { rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { http } from '../../../shared/ports/http.js';
import { describeDriverContract, standings } from './driver-contract.js';
import { expectNoLostRequest } from './no-lost-request.js';
import { createPoundSite } from './pound-site.js';
import { options, type Site } from './site.js';

/** What every Pound with a control socket has to hold to that the driver drives: the real one and its stand-in. */
export function describeBalancerContract(title: string, exeOf: () => string): void {
  const open = () => createPoundSite({ exe: exeOf(), driverName: 'pound-control' });
  describeDriverContract(`${title}, by its control socket`, open);

  describe(`${title}, by its control socket, as a Pound`, () => {
    let site: Site;
    beforeEach(async () => {
      site = await open();
    });
    afterEach(() => site.end());

    it('tells all that the running Pound tells', async () => {
      const state = await site.driver.state(options());
      expect(state).toMatchObject({ version: expect.stringMatching(/^4\./) as string, aliveIntervalS: 1 });
      const well = { inFile: 'in', inRuntime: 'in', alive: true, sessions: 0, inFlight: null };
      expect(state.backends).toEqual(site.places.map((place) => ({ ...place, ...well })));
    });

    it('heals a Pound that somebody told otherwise by hand', async () => {
      const [first] = site.addresses;
      await site.driver.set({ address: first, wanted: 'out' }, options());
      await http({ method: 'PUT', url: 'http://pound/service/0/0', socketPath: site.control, ...options() });
      expect(standings(await site.driver.state(options()), first)).toEqual(['out/out', 'out/in']);
      await site.driver.set({ address: first, wanted: 'out' }, options());
      expect(standings(await site.driver.state(options()), first)).toEqual(['out/out', 'out/out']);
    });

    it('a sticky session stays with a backend that is out, unless sessions are deleted', () => expectStickySessions(site));

    it('a control socket that never answers is a timeout that names it, before anything is written', async () => {
      const before = await site.text();
      const control = join(site.folder, 'hung.sock');
      const held = new Set<{ destroy(): unknown }>();
      const hung = createServer((socket) => held.add(socket));
      await new Promise<void>((resolve) => hung.listen(control, resolve));
      try {
        const driver = site.driverWith({ control });
        const wrong = {
          code: 'timeout',
          message: `Pound's control socket ${control} did not answer within 150 ms`,
          hint: expect.stringContaining('WorkerMinCount') as string,
        };
        await expect(driver.state(options(150))).rejects.toMatchObject(wrong);
        await expect(driver.set({ address: site.addresses[0], wanted: 'out' }, options(150))).rejects.toMatchObject(wrong);
        expect(await site.text()).toBe(before);
      } finally {
        for (const socket of held) socket.destroy();
        await new Promise((resolve) => hung.close(resolve));
      }
    });

    it('no control socket, and one that nobody listens on, are unreachable', async () => {
      const missing = join(site.folder, 'missing.sock');
      const wrong = (path: string) => ({
        code: 'unreachable',
        message: `nobody answers on Pound's control socket ${path}`,
        hint: expect.stringContaining('is Pound running') as string,
      });
      await expect(site.driverWith({ control: missing }).state(options())).rejects.toMatchObject(wrong(missing));
      await writeFile(missing, '');
      await expect(
        site.driverWith({ control: missing }).set({ address: site.addresses[0], wanted: 'out' }, options()),
      ).rejects.toMatchObject(wrong(missing));
      await rm(missing);
    });

    it('loses no request of busy and idle visitors when a backend goes out, stops, starts and comes in', () => expectNoLostRequest(site));
  });
}

/** A visitor whose session keeps him on one backend. */
export async function expectStickySessions(site: Site): Promise<void> {
  const visit = async () =>
    Number((await http({ url: site.url, headers: { cookie: 'zope="YTpi%3D=/+"' }, keepBytes: 20, ...options() })).body);
  const port = await visit();
  const address = `127.0.0.1:${port}`;
  const bound = async () => (await site.driver.state(options())).backends.filter((b) => b.address === address && (b.sessions ?? 0) > 0);
  await site.driverWith({ sessions: 'wait' }).set({ address, wanted: 'out' }, options());
  expect(await visit()).toBe(port);
  expect(await bound()).toMatchObject([{ place: 'main/site', sessions: 1 }]);
  await site.driver.set({ address, wanted: 'out' }, options());
  expect(await bound()).toEqual([]);
  expect(await visit()).not.toBe(port);
}
