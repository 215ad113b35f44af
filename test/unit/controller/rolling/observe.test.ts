import { expect, it } from 'vitest';
import { observeMember, type RollWorld } from '../../../../controller/rolling/observe.js';
import type { MemberProgress } from '../../../../controller/rolling/progress.js';
import { aClient, aCluster, aFleet } from '../checks/fixtures.js';

it('a service that the file has no more is as one whose agent does not come back: nothing is known of it, and nobody is asked', async () => {
  const world = { config: () => aCluster([]) } as unknown as RollWorld;
  const member = { planned: { name: 'c9' }, step: 'drain' } as unknown as MemberProgress;
  const why = 'c9 is no longer in cluster.ini';
  expect(await observeMember(world, member, 1000, new AbortController().signal)).toMatchObject({
    standing: 'unknown',
    drift: false,
    connections: { ok: false, why },
    process: { state: 'unknown', why },
    health: { ok: false, why },
    away: why,
  });
});

it('a client that starts is asked for the page that its roll was given, one that goes back for its home page', async () => {
  const c1 = aClient({ name: 'c1' });
  const asked: (string | undefined)[] = [];
  const world = {
    config: () => aCluster([c1], { clients: [c1] }),
    fleet: aFleet({}),
    checks: {
      async health(_: unknown, { path }: { readonly path?: string }) {
        asked.push(path);
        return { ok: true };
      },
    },
    balancers: async () => new Map(),
  } as unknown as RollWorld;
  for (const step of ['check', 'back'] as const) {
    const member = { planned: { name: 'c1', path: '/news' }, step } as unknown as MemberProgress;
    await observeMember(world, member, 1000, new AbortController().signal);
  }
  expect(asked).toEqual(['/news', '']);
});

it.each(['out', 'drain', 'stop', 'in', 'back'] as const)(
  'a client that leaves, or comes back, is looked for in the balancers (%s)',
  async (step) => {
    const c1 = aClient({ name: 'c1' });
    let asked = 0;
    const world = {
      config: () => aCluster([c1], { clients: [c1] }),
      fleet: aFleet({}),
      checks: { health: async () => ({ ok: true }) },
      async balancers() {
        asked++;
        return new Map([['lb', { ok: false, why: 'it hangs' }]]);
      },
    } as unknown as RollWorld;
    const member = { planned: { name: 'c1' }, step } as unknown as MemberProgress;
    const facts = await observeMember(world, member, 1000, new AbortController().signal);
    expect([asked, facts.standing, facts.drift]).toEqual([1, 'unknown', false]);
  },
);
