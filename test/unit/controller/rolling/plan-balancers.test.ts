import { describe, expect, it } from 'vitest';
import type { ClientFacts } from '../../../../controller/rolling/facts.js';
import { makePlan, type PlanInput } from '../../../../controller/rolling/make-plan.js';
import type { RollPlan } from '../../../../controller/rolling/plan.js';
import { aClient, aCluster, aService } from '../checks/fixtures.js';
import { DEAD, FULL, SERVING } from './fixtures.js';

const clients = ['c1', 'c2', 'c3', 'c4'].map((name, i) => aClient({ name, serviceName: name, port: 8081 + i }, { pool: i < 2 ? 1 : 2 }));
const pound = aService({
  name: 'pound',
  type: 'Pound',
  balancer: { kind: 'pound', conf: '', control: '', exe: '', apply: 'auto', sessions: 'delete' },
});

function plan(
  given: Partial<Pick<PlanInput, 'restarting' | 'held' | 'named'>> & {
    facts?: Record<string, ClientFacts>;
    action?: 'start' | 'stop';
  } = {},
): RollPlan {
  const { facts = {}, action = 'start', ...rest } = given;
  return makePlan({
    ...{ id: 'x', at: 0, named: null, restarting: [], held: new Map() },
    request: { action, selectors: [], by: 'a@b', force: false, oldForm: false, maxFail: null, batch: null, deadlineS: null },
    config: aCluster([pound, ...clients], { clients, frontends: [pound] }),
    clients: new Map(clients.map(({ spec: { name } }) => [name, facts[name] ?? SERVING])),
    answers: new Map([['pound', { ok: true }]]),
    ...rest,
  });
}
const names = (of: RollPlan) => of.batches.map((batch) => batch.members.map((m) => m.name).join());

describe('the plan behind a balancer that restarts for each change', () => {
  it('takes a pool at once, in and out together, and says what it costs', () => {
    const made = plan({ restarting: ['pound'] });
    expect(names(made)).toEqual(['c1,c2', 'c3,c4']);
    expect(made.batches.map((batch) => batch.together)).toEqual([true, true]);
    expect(made.warnings).toEqual(['pound restarts 4 times, since it is told by its file alone: requests in that moment fail']);
  });

  it('counts what goes out first because it is dead, and what does not come in again', () => {
    expect(plan({ restarting: ['pound'], named: [clients[0] ?? pound], facts: { c4: DEAD } }).warnings).toEqual([
      'pound restarts 3 times, since it is told by its file alone: requests in that moment fail',
    ]);
    expect(plan({ restarting: ['pound'], action: 'stop', named: [clients[0] ?? pound] }).warnings).toEqual([
      'pound restarts once, since it is told by its file alone: requests in that moment fail',
    ]);
  });

  it('is nothing special otherwise', () => {
    const made = plan();
    expect(names(made)).toEqual(['c1', 'c2', 'c3', 'c4']);
    expect(made.warnings).toEqual([]);
    expect(made.batches.some((batch) => 'together' in batch)).toBe(false);
  });
});

describe('the plan with a client that is held out by hand', () => {
  it('restarts it, leaves it out, and says so', () => {
    const made = plan({
      held: new Map([['c2', 'was taken out by jane@desk (memory)']]),
      facts: { c2: { standing: 'out', health: 'passing' } },
    });
    const [, second] = made.batches.flatMap((batch) => batch.members);
    expect(second).toMatchObject({ name: 'c2', held: true, steps: FULL.filter((step) => step !== 'in') });
    expect(made.warnings).toEqual(['c2 was taken out by jane@desk (memory): it stays out of the balancer']);
  });
});
