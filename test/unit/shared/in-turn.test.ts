import { expect, it } from 'vitest';
import { createInTurn } from '../../../shared/in-turn.js';

it('one piece of work is done after the other, also after one that failed, and each answers who asked for it', async () => {
  const inTurn = createInTurn();
  const seen: string[] = [];
  const work = (name: string, fails = false) =>
    inTurn(async () => {
      seen.push(`${name} begins`);
      await new Promise((resolve) => setImmediate(resolve));
      seen.push(`${name} ends`);
      if (fails) throw new Error(name);
      return name;
    });
  const settled = await Promise.allSettled([work('a'), work('b', true), work('c')]);
  expect(seen).toEqual(['a begins', 'a ends', 'b begins', 'b ends', 'c begins', 'c ends']);
  expect(settled).toMatchObject([{ value: 'a' }, { status: 'rejected', reason: { message: 'b' } }, { value: 'c' }]);
});
