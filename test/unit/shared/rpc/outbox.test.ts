import { describe, expect, it } from 'vitest';
import { createOutbox } from '../../../../shared/rpc/outbox.js';

describe('createOutbox', () => {
  it('gives what was sent in order, before and while it is read, and ends', async () => {
    const outbox = createOutbox<number>();
    outbox.send(1);
    const seen: number[] = [];
    for await (const item of outbox) {
      seen.push(item);
      if (item < 3) queueMicrotask(() => outbox.send(item + 1));
      else outbox.end();
    }
    expect(seen).toEqual([1, 2, 3]);
  });

  it('still gives what was sent before the end, and drops what comes after', async () => {
    const outbox = createOutbox<number>();
    outbox.send(1);
    outbox.end();
    outbox.send(2);
    const reader = outbox[Symbol.asyncIterator]();
    expect([await reader.next(), await reader.next()]).toEqual([
      { done: false, value: 1 },
      { done: true, value: undefined },
    ]);
  });

  it('ends at once with an error', async () => {
    const outbox = createOutbox<number>();
    outbox.send(1);
    outbox.end(new Error('gone'));
    await expect(outbox[Symbol.asyncIterator]().next()).rejects.toThrow('gone');
  });

  it('wakes a reader that waits when it ends', async () => {
    const outbox = createOutbox<number>();
    const next = outbox[Symbol.asyncIterator]().next();
    outbox.end(new Error('gone'));
    await expect(next).rejects.toThrow('gone');
  });
});
