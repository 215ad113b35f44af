import { describe, expect, it } from 'vitest';
import { createRounds, GATHER_MS } from '../../../../agent/balancers/rounds.js';
import { AppError } from '../../../../shared/errors.js';

/** Sleepers wake when the test says so. */
function createGate() {
  const sleepers: { ms: number; wake: () => void }[] = [];
  const clock = { now: () => 0, sleep: (ms: number) => new Promise<void>((wake) => sleepers.push({ ms, wake })) };
  return {
    clock,
    sleepers,
    wake: async () => {
      sleepers.shift()?.wake();
      await new Promise((resolve) => setImmediate(resolve));
    },
  };
}

const live = () => new AbortController().signal;

it('are idle once all that has joined is settled', async () => {
  const { clock, wake } = createGate();
  const rounds = createRounds<string>();
  const done: string[] = [];
  const joined = rounds.join('pound.cfg', 'a', { clock, signal: live(), perform: async () => (done.push('performed'), [null]) });
  const idle = rounds.idle().then(() => done.push('idle'));
  await wake();
  await Promise.all([joined, idle]);
  expect(done).toEqual(['performed', 'idle']);
  await rounds.idle();
});

describe('orders that come together', () => {
  it('are carried out in one round, in the sequence in which they came', async () => {
    const { clock, sleepers, wake } = createGate();
    const rounds = createRounds<string>();
    const performed: (readonly string[])[] = [];
    const perform = async (orders: readonly string[]) => {
      performed.push(orders);
      return orders.map(() => null);
    };
    const joined = ['a', 'b', 'c'].map((order) => rounds.join('pound.cfg', order, { clock, signal: live(), perform }));
    expect(sleepers.map(({ ms }) => ms)).toEqual([GATHER_MS]);
    expect(performed).toEqual([]);
    await wake();
    await Promise.all(joined);
    expect(performed).toEqual([['a', 'b', 'c']]);
  });

  it('and that come while others are carried out make up the next round', async () => {
    const { clock, wake } = createGate();
    const rounds = createRounds<string>();
    const performed: (readonly string[])[] = [];
    let finish: () => void = () => undefined;
    const perform = async (orders: readonly string[]) => {
      performed.push(orders);
      if (performed.length === 1) await new Promise<void>((resolve) => (finish = resolve));
      return orders.map(() => null);
    };
    const join = (order: string) => rounds.join('k', order, { clock, signal: live(), perform });
    const first = join('a');
    await wake();
    const late = [join('b'), join('c')];
    finish();
    await first;
    await wake();
    await Promise.all(late);
    expect(performed).toEqual([['a'], ['b', 'c']]);
  });

  it('of different files do not wait for each other', async () => {
    const { clock, sleepers } = createGate();
    const rounds = createRounds<string>();
    const perform = async (orders: readonly string[]) => orders.map(() => null);
    void rounds.join('one', 'a', { clock, signal: live(), perform });
    void rounds.join('two', 'b', { clock, signal: live(), perform });
    expect(sleepers).toHaveLength(2);
  });

  it('are answered one by one', async () => {
    const { clock, wake } = createGate();
    const rounds = createRounds<string>();
    const perform = async (orders: readonly string[]) =>
      orders.map((order) => (order === 'bad' ? new AppError('not-found', 'no such') : null));
    const joined = Promise.allSettled(['good', 'bad'].map((order) => rounds.join('k', order, { clock, signal: live(), perform })));
    await wake();
    expect((await joined).map(({ status }) => status)).toEqual(['fulfilled', 'rejected']);
  });

  it('all fail when the round does, and the next round is a new one', async () => {
    const { clock, wake } = createGate();
    const rounds = createRounds<string>();
    let rounded = 0;
    const perform = async (orders: readonly string[]) => {
      if (rounded++ === 0) throw new AppError('failed', 'Pound does not come up');
      return orders.map(() => null);
    };
    const join = (order: string) => rounds.join('k', order, { clock, signal: live(), perform });
    const first = Promise.allSettled([join('a'), join('b')]);
    await wake();
    expect(await first).toMatchObject([
      { reason: { message: 'Pound does not come up' } },
      { reason: { message: 'Pound does not come up' } },
    ]);
    const second = join('c');
    await wake();
    await expect(second).resolves.toBeUndefined();
  });

  it('are left out when they are given up before their round begins, and finished when after', async () => {
    const { clock, wake } = createGate();
    const rounds = createRounds<string>();
    const performed: string[] = [];
    let finish: () => void = () => undefined;
    const perform = async (orders: readonly string[]) => {
      await new Promise<void>((resolve) => (finish = resolve));
      performed.push(...orders);
      return orders.map(() => null);
    };
    const [early, late] = [new AbortController(), new AbortController()];
    const joined = Promise.allSettled([
      rounds.join('k', 'early', { clock, signal: early.signal, perform }),
      rounds.join('k', 'late', { clock, signal: late.signal, perform }),
    ]);
    early.abort(new AppError('cancelled', 'enough'));
    await wake();
    late.abort(new AppError('cancelled', 'enough'));
    expect(await joined).toMatchObject([{ reason: { message: 'enough' } }, { reason: { message: 'enough' } }]);
    finish();
    await new Promise((resolve) => setImmediate(resolve));
    expect(performed).toEqual(['late']);
  });
});
