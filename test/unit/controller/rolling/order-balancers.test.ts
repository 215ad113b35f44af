import { describe, expect, it } from 'vitest';
import type { BalancerStates } from '../../../../controller/checks/standings.js';
import type { Service } from '../../../../controller/config/cluster.js';
import { orderBalancers } from '../../../../controller/rolling/order-balancers.js';
import { AppError } from '../../../../shared/errors.js';
import type { AgentApi } from '../../../../shared/model/agent-api.js';
import type { Backend } from '../../../../shared/model/balancer.js';
import { aClient, aCluster, aFleet, aService, never } from '../checks/fixtures.js';

const c1 = aClient({ name: 'c1', port: 8080 });
const BACKEND: Backend = {
  ...{ address: '127.0.0.1:8080', place: 'main/all', inFile: 'in', inRuntime: 'in', alive: true, sessions: 0, inFlight: null },
};
const NONE = new AppError('not-found', 'pound has no backend 127.0.0.1:8080');
type State = BalancerStates extends ReadonlyMap<string, infer S> ? S : never;

const UNREAD = { ok: false, why: 'timeout' } as const;
const seenWith = (...backends: readonly Backend[]) =>
  ({ ok: true, name: '', driver: 'pound-control', version: '4', aliveIntervalS: 5, backends }) as const;

/** What two balancers were last seen with, and how each answers an order. */
function order(answers: Readonly<Record<string, AppError | null>>, states: BalancerStates): Promise<void> {
  const balancer = { kind: 'pound', conf: '', control: '', exe: '', apply: 'auto', sessions: 'delete' } as const;
  const balancers = Object.keys(answers).map((name): Service => aService({ name, type: 'Pound', balancer }, { host: name }));
  const agents = Object.entries(answers).map(([name, error]): [string, Partial<AgentApi>] => [
    name,
    { setBackend: () => (error === null ? Promise.resolve() : Promise.reject(error)) },
  ]);
  const world = { config: () => aCluster([...balancers, c1]), fleet: aFleet(Object.fromEntries(agents)) };
  return orderBalancers(world, states, { service: c1, wanted: 'out', id: 'id' }, never);
}

describe('an order to the balancers', () => {
  it('goes by one that could not be read and has no such backend, if another one has it', async () => {
    const states: BalancerStates = new Map<string, State>([
      ['lb1', seenWith(BACKEND)],
      ['lb2', UNREAD],
    ]);
    await expect(order({ lb1: null, lb2: NONE }, states)).resolves.toBeUndefined();
  });

  it('is refused where nobody has it, and by one that said it had it', async () => {
    const unread: BalancerStates = new Map<string, State>([
      ['lb1', UNREAD],
      ['lb2', UNREAD],
    ]);
    await expect(order({ lb1: NONE, lb2: NONE }, unread)).rejects.toBe(NONE);
    const both: BalancerStates = new Map<string, State>([
      ['lb1', seenWith(BACKEND)],
      ['lb2', seenWith(BACKEND)],
    ]);
    await expect(order({ lb1: null, lb2: NONE }, both)).rejects.toBe(NONE);
  });

  it('fails where one that could not be read fails otherwise', async () => {
    const away = new AppError('unreachable', 'agent lb2 is not connected');
    const states: BalancerStates = new Map<string, State>([
      ['lb1', seenWith(BACKEND)],
      ['lb2', UNREAD],
    ]);
    await expect(order({ lb1: null, lb2: away }, states)).rejects.toBe(away);
  });
});
