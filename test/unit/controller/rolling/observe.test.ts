import { expect, it } from 'vitest';
import { observeMember, type RollWorld } from '../../../../controller/rolling/observe.js';
import type { MemberProgress } from '../../../../controller/rolling/progress.js';
import { aCluster } from '../checks/fixtures.js';

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
