import { describe, expect, it } from 'vitest';
import { createBackoff } from '../../../../shared/rpc/backoff.js';

describe('createBackoff', () => {
  it('doubles up to its limit, and begins anew after a success', () => {
    const backoff = createBackoff({ initialMs: 100, maxMs: 500, random: () => 1 });
    expect([1, 2, 3, 4, 5].map(() => backoff.next())).toEqual([100, 200, 400, 500, 500]);
    backoff.reset();
    expect(backoff.next()).toBe(100);
  });

  it('never waits less than half of it', () => {
    const backoff = createBackoff({ initialMs: 100, maxMs: 2000, random: () => 0 });
    expect([backoff.next(), backoff.next()]).toEqual([50, 100]);
  });
});
