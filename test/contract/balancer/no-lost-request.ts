import { expect } from 'vitest';
import { startLoad } from '../../../deploy/demo/load.js';
import { until } from '../../../deploy/demo/until.js';
import type { TestBackend } from './backends.js';
import { options, type Site } from './site.js';

/** Each backend goes out, stops, starts and comes in, under load: no visitor may notice. `drained` says when it may stop. */
export async function expectNoLostRequest(site: Site, drained: (site: Site, backend: TestBackend) => Promise<void> = quiet): Promise<void> {
  const load = startLoad({ url: site.url, busy: 6, idle: 4, single: 1, thinkMs: 5 });
  try {
    await load.established;
    for (const [index, address] of site.addresses.entries()) {
      const backend = site.backends[index === 0 ? 0 : 1];
      await site.driver.set({ address, wanted: 'out' }, options());
      await drained(site, backend);
      await backend.stop();
      await backend.start();
      await site.driver.set({ address, wanted: 'in' }, options());
      const isIn = async () => (await site.driver.state(options())).backends.every((b) => b.alive === true);
      await until('the backend to be alive', isIn, options());
      const seen = backend.seen();
      await until('requests to come back', async () => backend.seen() > seen, options());
    }
  } finally {
    await load.stop();
  }
  expect(load.stats().failures).toEqual([]);
  expect(load.stats()).toMatchObject({ failed: 0 });
  expect(load.stats().requests).toBeGreaterThan(20);
}

/** Nothing is under way on it, and nothing came since it was looked at last. */
async function quiet(_: Site, backend: TestBackend): Promise<void> {
  let last = -1;
  const isQuiet = async () => {
    const before = last;
    last = backend.seen();
    return backend.open() === 0 && last === before;
  };
  await until('the traffic to end', isQuiet, options());
}
