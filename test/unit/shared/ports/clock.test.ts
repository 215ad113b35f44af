import { getEventListeners } from 'node:events';
import { describe, expect, it } from 'vitest';
import { AppError } from '../../../../shared/errors.js';
import { atMost, systemClock } from '../../../../shared/ports/clock.js';

describe('system clock', () => {
  it('sleeps no shorter than it is told, and leaves nothing on the signal', async () => {
    const { signal } = new AbortController();
    const before = systemClock.now();
    await systemClock.sleep(20, signal);
    // A timer may fire up to a millisecond early.
    expect(systemClock.now() - before).toBeGreaterThanOrEqual(19);
    expect(getEventListeners(signal, 'abort')).toEqual([]);
  });

  it('wakes up with the reason of the signal', async () => {
    const abort = new AbortController();
    const sleep = systemClock.sleep(60_000, abort.signal);
    abort.abort(new AppError('timeout', 'too late'));
    await expect(sleep).rejects.toMatchObject({ code: 'timeout', message: 'too late' });
    await expect(systemClock.sleep(60_000, abort.signal)).rejects.toMatchObject({ code: 'timeout' });
  });

  it('does not take a time that no timer can hold for none', async () => {
    const abort = new AbortController();
    const sleep = systemClock.sleep(2 ** 40, abort.signal);
    const first = await Promise.race([sleep.catch(() => 'aborted'), new Promise((resolve) => setImmediate(() => resolve('still asleep')))]);
    abort.abort();
    await expect(sleep).rejects.toMatchObject({ code: 'cancelled' });
    expect(first).toBe('still asleep');
  });
});

describe('waiting at most so long', () => {
  it('ends with the work, or when the time is over, and leaves no timer behind', async () => {
    const slept: AbortSignal[] = [];
    const clock = { ...systemClock, sleep: (ms: number, signal: AbortSignal) => (slept.push(signal), systemClock.sleep(ms, signal)) };
    await atMost(60_000, Promise.resolve(), clock);
    await expect(atMost(60_000, Promise.reject(new Error('no')), clock)).rejects.toThrow('no');
    await atMost(-1, new Promise(() => undefined), clock);
    expect(slept.map(({ aborted }) => aborted)).toEqual([true, true, true]);
  });
});
