import { describe, expect, it } from 'vitest';
import type { RollPorts } from '../../../../controller/rolling/roll-ports.js';
import { whileHeld } from '../../../../controller/rolling/while-held.js';
import { AppError } from '../../../../shared/errors.js';

const EFFECTS = ['perform', 'takeOut', 'rotate', 'purge', 'hook'] as const;

const call = (world: RollPorts, effect: (typeof EFFECTS)[number]): Promise<unknown> =>
  (world as unknown as Record<string, () => Promise<unknown>>)[effect]?.() ?? Promise.reject(new Error(effect));

/** A world in which each call is noted. */
function ports(): { readonly done: string[]; readonly world: RollPorts } {
  const done: string[] = [];
  const world = new Proxy({} as RollPorts, {
    ownKeys: () => [...EFFECTS, 'observeClients'],
    getOwnPropertyDescriptor: () => ({ enumerable: true, configurable: true }),
    get: (_, name) => async () => void done.push(String(name)),
  });
  return { done, world };
}

describe('what changes the world', () => {
  it.each(EFFECTS)('is not done any more once the lock is not ours (%s)', async (effect) => {
    const { done, world } = ports();
    const gone = new AppError('conflict', 'the lock is not ours any more');
    await expect(call(whileHeld(world, { confirm: () => Promise.reject(gone) }), effect)).rejects.toBe(gone);
    expect(done).toEqual([]);
  });

  it.each(EFFECTS)('is done after a look at the lock (%s)', async (effect) => {
    const { done, world } = ports();
    const confirm = async () => void done.push('confirmed');
    await call(whileHeld(world, { confirm }), effect);
    expect(done).toEqual(['confirmed', effect]);
  });
});
