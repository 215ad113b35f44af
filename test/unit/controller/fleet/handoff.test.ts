import { describe, expect, it } from 'vitest';
import { createHandoff } from '../../../../controller/fleet/handoff.js';

describe('handing items over', () => {
  it('keeps each giver waiting until his item has been taken, in their order', async () => {
    const handoff = createHandoff<string>();
    const taken: string[] = [];
    const give = (item: string) => handoff.put(item).then((was) => taken.push(`${item} ${was}`));
    const given = [give('a'), give('b')];
    const reader = handoff[Symbol.asyncIterator]();
    expect(await reader.next()).toEqual({ done: false, value: 'a' });
    await given[0];
    expect(taken).toEqual(['a true']);
    expect(await reader.next()).toEqual({ done: false, value: 'b' });
    await given[1];
    expect(taken).toEqual(['a true', 'b true']);
  });

  it('wakes a reader who waits', async () => {
    const handoff = createHandoff<string>();
    const next = handoff[Symbol.asyncIterator]().next();
    await handoff.put('a');
    expect(await next).toEqual({ done: false, value: 'a' });
  });

  it('ends without an error when all has been taken', async () => {
    const handoff = createHandoff<string>();
    void handoff.put('a');
    handoff.end();
    const seen = [];
    for await (const item of handoff) seen.push(item);
    expect(seen).toEqual(['a']);
    expect(await handoff.put('late')).toBe(false);
  });

  it('ends with an error at once, and what was offered is refused', async () => {
    const handoff = createHandoff<string>();
    const offered = handoff.put('a');
    handoff.end(new Error('gone'));
    handoff.end(new Error('second'));
    await expect(handoff[Symbol.asyncIterator]().next()).rejects.toThrow('gone');
    expect(await offered).toBe(false);
  });

  it('refuses what is offered when the reader has left', async () => {
    const handoff = createHandoff<string>();
    const first = handoff.put('a');
    const second = handoff.put('b');
    for await (const item of handoff) {
      expect(item).toBe('a');
      break;
    }
    expect(await Promise.all([first, second])).toEqual([true, false]);
    expect(await handoff.put('c')).toBe(false);
  });
});
