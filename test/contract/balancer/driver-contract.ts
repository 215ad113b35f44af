import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { BalancerState } from '../../../shared/model/balancer.js';
import { http } from '../../../shared/ports/http.js';
import { options, type Site } from './site.js';

/** What every driver does, whatever its balancer; `restarts`: the driver restarts its balancer. */
export function describeDriverContract(title: string, open: () => Promise<Site>, traits: { readonly restarts?: boolean } = {}): void {
  describe(title, () => {
    let site: Site;
    beforeEach(async () => {
      site = await open();
    });
    afterEach(() => site.end());

    it('shows every place of a backend as the file and as the running balancer have it', async () => {
      const state = await site.driver.state(options());
      expect(state).toMatchObject({ name: 'balancer', driver: site.driverName, version: expect.stringMatching(/^\d+\.\d/) as string });
      expect(state.backends.map(({ address, place }) => ({ address, place }))).toEqual(site.places);
      expect(new Set(state.backends.map((b) => `${b.inFile}/${b.inRuntime}`))).toEqual(new Set(['in/in']));
      expect(state.backends.map((b) => b.alive)).not.toContain(false);
      expect(state.restarts ?? false).toBe(traits.restarts ?? false);
    });

    it('takes a backend out of every place, in the file and in the running balancer, and no other', async () => {
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
      expect((await answers(site, MANY)).sort()).toEqual(site.backends.map(({ port }) => port).sort());
    });

    it('does nothing the second time', async () => {
      const [first] = site.addresses;
      await site.driver.set({ address: first, wanted: 'out' }, options());
      const out = await site.text();
      const starts = site.starts();
      await site.driver.set({ address: first, wanted: 'out' }, options());
      expect(await site.text()).toBe(out);
      expect(site.starts()).toBe(starts);
      await site.driver.set({ address: first, wanted: 'in' }, options());
      await site.driver.set({ address: first, wanted: 'in' }, options());
      expect(standings(await site.driver.state(options()), first)).toEqual(['in/in', 'in/in']);
      expect(site.starts()).toBe(traits.restarts === true ? starts + 1 : 1);
    });

    it('a balancer that starts again comes up with what was wanted', async () => {
      const [first] = site.addresses;
      await site.driver.set({ address: first, wanted: 'out' }, options());
      await site.restart();
      expect(standings(await site.driver.state(options()), first)).toEqual(['out/out', 'out/out']);
      expect(await answers(site, 4)).toEqual([site.backends[1].port]);
    });

    it('shows where the file and the running balancer differ, and the same order heals it', async () => {
      const [first] = site.addresses;
      const before = await site.text();
      await site.driver.set({ address: first, wanted: 'out' }, options());
      const out = await site.text();
      await site.write(before);
      expect(standings(await site.driver.state(options()), first)).toEqual(['in/out', 'in/out']);
      await site.driver.set({ address: first, wanted: 'out' }, options());
      expect(await site.text()).toBe(out);
      expect(standings(await site.driver.state(options()), first)).toEqual(['out/out', 'out/out']);
    });

    it('switches on a backend that an operator had switched off by hand', async () => {
      const [, second] = site.addresses;
      const before = await site.text();
      await site.write(site.byHand.off(before));
      await site.restart();
      expect(standings(await site.driver.state(options()), second)).toEqual(['out/out']);
      await site.driver.set({ address: second, wanted: 'in' }, options());
      expect(standings(await site.driver.state(options()), second)).toEqual(['in/in']);
      expect(await site.text()).toBe(site.byHand.on(site.byHand.off(before)));
    });

    it('names the backends that there are when asked for another, and changes nothing', async () => {
      const before = await site.text();
      await expect(site.driver.set({ address: '127.0.0.1:1', wanted: 'out' }, options())).rejects.toMatchObject({
        code: 'not-found',
        message: expect.stringMatching(/ has no backend 127\.0\.0\.1:1$/) as string,
        hint: `it has ${site.addresses.join(', ')}`,
      });
      expect(await site.text()).toBe(before);
      expect(site.starts()).toBe(1);
    });

    it('changes nothing where the balancer does not accept the file, and says what it says', async () => {
      const broken = site.broken(await site.text());
      await site.write(broken.text);
      await expect(site.driver.set({ address: site.addresses[0], wanted: 'out' }, options())).rejects.toMatchObject({
        code: 'config',
        message: expect.stringMatching(broken.says) as string,
      });
      expect(await site.text()).toBe(broken.text);
      expect(site.starts()).toBe(1);
      expect((await answers(site, MANY)).sort()).toEqual(site.backends.map(({ port }) => port).sort());
    });

    it('carries out orders that come at once, of several callers, and each is answered when it is done', async () => {
      const before = await site.text();
      await Promise.all(site.addresses.map((address) => site.driver.set({ address, wanted: 'out' }, options())));
      const out = await site.driver.state(options());
      expect(out.backends.map((b) => `${b.inFile}/${b.inRuntime}`)).toEqual(['out/out', 'out/out', 'out/out']);
      await Promise.all(site.addresses.map((address) => site.driverWith({}).set({ address, wanted: 'in' }, options())));
      expect(await site.text()).toBe(before);
      expect(standings(await site.driver.state(options()), site.addresses[0])).toEqual(['in/in', 'in/in']);
    });

    it('a balancer that is down is unreachable, and its file stays as it is', async () => {
      const before = await site.text();
      await site.stop();
      const wrong = { code: 'unreachable' };
      await expect(site.driver.state(options())).rejects.toMatchObject(wrong);
      await expect(site.driver.set({ address: site.addresses[0], wanted: 'out' }, options())).rejects.toMatchObject(wrong);
      expect(await site.text()).toBe(before);
    });

    it('gives up when its signal aborts, saying why', async () => {
      const abort = new AbortController();
      abort.abort(new Error('enough'));
      await expect(
        site.driver.set({ address: site.addresses[0], wanted: 'out' }, { ...options(), signal: abort.signal }),
      ).rejects.toThrow();
      expect(standings(await site.driver.state(options()), site.addresses[0])).toEqual(['in/in', 'in/in']);
    });
  });
}

/** `file/runtime` of each place of a backend. */
export const standings = (state: BalancerState, address: string): string[] =>
  state.backends.filter((b) => b.address === address).map((b) => `${b.inFile}/${b.inRuntime}`);

/** Pound chooses by chance: among so many each backend has its visitors. */
const MANY = 40;

/** The ports that answer `count` visitors. */
export async function answers(site: Site, count: number): Promise<number[]> {
  const ports = new Set<number>();
  for (let i = 0; i < count; i++) ports.add(Number((await http({ url: site.url, keepBytes: 20, ...options() })).body));
  return [...ports];
}
