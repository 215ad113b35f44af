import { rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startLoad } from '../../../deploy/demo/load.js';
import { until } from '../../../deploy/demo/until.js';
import type { BalancerState } from '../../../shared/model/balancer.js';
import { http } from '../../../shared/ports/http.js';
import { createSite, options, type Site } from './site.js';

/** What every Pound that the driver drives has to hold to: the real one and its stand-in. */
export function describeBalancerContract(title: string, exeOf: () => string): void {
  describe(title, () => {
    let site: Site;
    beforeEach(async () => {
      site = await createSite(exeOf());
    });
    afterEach(() => site.end());

    it('shows every place of a backend as the file and as the running Pound have it', async () => {
      const state = await site.driver.state(options());
      const [first, second] = site.addresses;
      expect(state).toMatchObject({
        name: 'balancer',
        driver: 'pound-control',
        version: expect.stringMatching(/^4\./) as string,
        aliveIntervalS: 1,
      });
      const well = { inFile: 'in', inRuntime: 'in', alive: true, sessions: 0 };
      expect(state.backends).toEqual([
        { address: first, place: 'main/site', ...well },
        { address: second, place: 'main/site', ...well },
        { address: first, place: '-/fallback', ...well },
      ]);
    });

    it('takes a backend out of every service, in the file and in the running Pound, and no other', async () => {
      const [first, second] = site.addresses;
      await site.driver.set({ address: first, wanted: 'out' }, options());
      const state = await site.driver.state(options());
      expect(standings(state, first)).toEqual(['out/out', 'out/out']);
      expect(standings(state, second)).toEqual(['in/in']);
      expect(await answers(site, 4)).toEqual([site.backends[1].port]);
    });

    it('gives the file back byte for byte when the backend is in again', async () => {
      const before = await site.text();
      for (const address of site.addresses) {
        await site.driver.set({ address, wanted: 'out' }, options());
        expect(await site.text()).not.toBe(before);
        await site.driver.set({ address, wanted: 'in' }, options());
        expect(await site.text()).toBe(before);
        expect(standings(await site.driver.state(options()), address)).not.toContain('out/out');
      }
    });

    it('does nothing the second time', async () => {
      const [first] = site.addresses;
      await site.driver.set({ address: first, wanted: 'out' }, options());
      const out = await site.text();
      await site.driver.set({ address: first, wanted: 'out' }, options());
      expect(await site.text()).toBe(out);
      await site.driver.set({ address: first, wanted: 'in' }, options());
      await site.driver.set({ address: first, wanted: 'in' }, options());
      expect(standings(await site.driver.state(options()), first)).toEqual(['in/in', 'in/in']);
    });

    it('a Pound that starts again comes up with what was wanted', async () => {
      const [first] = site.addresses;
      await site.driver.set({ address: first, wanted: 'out' }, options());
      await site.restart();
      expect(standings(await site.driver.state(options()), first)).toEqual(['out/out', 'out/out']);
    });

    it('shows where the file and the running Pound differ, and the same order heals it', async () => {
      const [first] = site.addresses;
      const before = await site.text();
      await site.driver.set({ address: first, wanted: 'out' }, options());
      const out = await site.text();
      await site.write(before);
      expect(standings(await site.driver.state(options()), first)).toEqual(['in/out', 'in/out']);
      await site.driver.set({ address: first, wanted: 'out' }, options());
      expect(await site.text()).toBe(out);

      await http({ method: 'PUT', url: 'http://pound/service/0/0', socketPath: site.control, ...options() });
      expect(standings(await site.driver.state(options()), first)).toEqual(['out/out', 'out/in']);
      await site.driver.set({ address: first, wanted: 'out' }, options());
      expect(standings(await site.driver.state(options()), first)).toEqual(['out/out', 'out/out']);
    });

    it('switches on a backend that an operator had switched off by hand', async () => {
      const [, second] = site.addresses;
      await site.write((await site.text()).replace('Disabled 0 # on by hand', 'Disabled 1 # on by hand'));
      await site.restart();
      expect(standings(await site.driver.state(options()), second)).toEqual(['out/out']);
      await site.driver.set({ address: second, wanted: 'in' }, options());
      expect(standings(await site.driver.state(options()), second)).toEqual(['in/in']);
      expect(await site.text()).toContain('\t\t\tDisabled 0 # on by hand\n');
    });

    it('a sticky session stays with a backend that is out, unless sessions are deleted', async () => {
      const visit = async () =>
        Number((await http({ url: site.url, headers: { cookie: 'zope="YTpi%3D=/+"' }, keepBytes: 20, ...options() })).body);
      const port = await visit();
      const address = `127.0.0.1:${port}`;
      await site.driverWith({ sessions: 'wait' }).set({ address, wanted: 'out' }, options());
      expect(await visit()).toBe(port);
      const waiting = (await site.driver.state(options())).backends.filter((b) => b.address === address && b.sessions > 0);
      expect(waiting).toMatchObject([{ place: 'main/site', sessions: 1 }]);
      await site.driver.set({ address, wanted: 'out' }, options());
      expect((await site.driver.state(options())).backends.filter((b) => b.sessions > 0)).toEqual([]);
      expect(await visit()).not.toBe(port);
    });

    it('names the backends that there are when asked for another, and changes nothing', async () => {
      const before = await site.text();
      await expect(site.driver.set({ address: '127.0.0.1:1', wanted: 'out' }, options())).rejects.toMatchObject({
        code: 'not-found',
        message: 'the running Pound has no backend 127.0.0.1:1',
        hint: `it has ${site.addresses.join(', ')}`,
      });
      expect(await site.text()).toBe(before);
    });

    it('changes nothing where Pound does not accept the file, and says what Pound says', async () => {
      const broken = (await site.text()).replace('Disabled 0 # on by hand', 'Disabled maybe');
      await site.write(broken);
      const line = broken.split('\n').findIndex((text) => text.includes('maybe')) + 2;
      await expect(site.driver.set({ address: site.addresses[0], wanted: 'out' }, options())).rejects.toMatchObject({
        code: 'config',
        message: expect.stringMatching(new RegExp(`pound\\.cfg:${line}[.:].*not a boolean value`)) as string,
      });
      expect(await site.text()).toBe(broken);
      expect(standings(await site.driver.state(options()), site.addresses[0])).toEqual(['in/in', 'in/in']);
    });

    it('carries out orders that come at once one after the other', async () => {
      const before = await site.text();
      await Promise.all(site.addresses.map((address) => site.driver.set({ address, wanted: 'out' }, options())));
      const out = await site.driver.state(options());
      expect(site.addresses.flatMap((address) => standings(out, address))).toEqual(['out/out', 'out/out', 'out/out']);
      await Promise.all(site.addresses.map((address) => site.driverWith({}).set({ address, wanted: 'in' }, options())));
      expect(await site.text()).toBe(before);
    });

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

    it('loses no request of busy and idle visitors when a backend goes out, stops, starts and comes in', async () => {
      const load = startLoad({ url: site.url, busy: 6, idle: 4, single: 1, thinkMs: 5 });
      try {
        await load.established;
        for (const [index, address] of site.addresses.entries()) {
          const backend = site.backends[index === 0 ? 0 : 1];
          await site.driver.set({ address, wanted: 'out' }, options());
          await quiet(backend);
          await backend.stop();
          await backend.start();
          await site.driver.set({ address, wanted: 'in' }, options());
          await until('the backend to be alive', async () => (await site.driver.state(options())).backends.every((b) => b.alive), {
            ...options(),
          });
          const seen = backend.seen();
          await until('requests to come back', async () => backend.seen() > seen, { ...options() });
        }
      } finally {
        await load.stop();
      }
      expect(load.stats()).toMatchObject({ failed: 0 });
      expect(load.stats().requests).toBeGreaterThan(20);
    });
  });
}

/** `file/runtime` of each place of a backend. */
const standings = (state: BalancerState, address: string): string[] =>
  state.backends.filter((b) => b.address === address).map((b) => `${b.inFile}/${b.inRuntime}`);

/** The ports that answer `count` visitors. */
async function answers(site: Site, count: number): Promise<number[]> {
  const ports = new Set<number>();
  for (let i = 0; i < count; i++) ports.add(Number((await http({ url: site.url, keepBytes: 20, ...options() })).body));
  return [...ports];
}

/** Nothing is under way on it, and nothing came since it was looked at last. */
async function quiet(backend: Site['backends'][number]): Promise<void> {
  let last = -1;
  const isQuiet = async () => {
    const before = last;
    last = backend.seen();
    return backend.open() === 0 && last === before;
  };
  await until('the traffic to end', isQuiet, options());
}
