import { describe, expect, it } from 'vitest';
import { createTurns } from '../../../../agent/balancers/turns.js';
import { AppError } from '../../../../shared/errors.js';

const never = new AbortController().signal;
const gate = () => {
  let open: () => void = () => undefined;
  const opened = new Promise<void>((resolve) => (open = resolve));
  return { opened, open };
};

describe('turns', () => {
  it('work under one key runs one after the other, also after a failure; other keys do not wait', async () => {
    const turns = createTurns();
    const seen: string[] = [];
    const { opened, open } = gate();
    const first = turns.take('a', never, async () => {
      await opened;
      seen.push('first');
      throw new AppError('failed', 'no');
    });
    const second = turns.take('a', never, async () => seen.push('second'));
    await turns.take('b', never, async () => seen.push('other'));
    open();
    await expect(first).rejects.toMatchObject({ message: 'no' });
    await second;
    expect(seen).toEqual(['other', 'first', 'second']);
  });

  it('who gives up waiting is told at once, does no work, and lets nobody past the one ahead', async () => {
    const turns = createTurns();
    const seen: string[] = [];
    const { opened, open } = gate();
    const first = turns.take('a', never, () => opened.then(() => void seen.push('first')));
    const patience = new AbortController();
    const second = turns.take('a', patience.signal, async () => seen.push('second'));
    const third = turns.take('a', never, async () => seen.push('third'));
    patience.abort(new AppError('timeout', 'too long'));
    await expect(second).rejects.toMatchObject({ code: 'timeout', message: 'too long' });
    expect(seen).toEqual([]);
    open();
    await Promise.all([first, third]);
    expect(seen).toEqual(['first', 'third']);
  });
});
