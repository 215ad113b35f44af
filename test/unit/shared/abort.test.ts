import { getEventListeners } from 'node:events';
import { describe, expect, it } from 'vitest';
import { linkSignals, orAborted, pause, reasonOf, throwIfAborted } from '../../../shared/abort.js';
import { AppError } from '../../../shared/errors.js';

describe('linkSignals', () => {
  it('aborts with the reason of the first parent that does', () => {
    const [one, two] = [new AbortController(), new AbortController()];
    using linked = linkSignals([one.signal, two.signal]);
    two.abort('second');
    one.abort('first');
    expect(linked.signal.reason).toBe('second');
  });

  it('is aborted at once by a parent that already is', () => {
    using linked = linkSignals([AbortSignal.abort('before')]);
    expect(linked.signal).toMatchObject({ aborted: true, reason: 'before' });
  });

  it('aborts with a timeout that says what took too long', async () => {
    using linked = linkSignals([], 1, 'asking Pound');
    await expect.poll(() => linked.signal.aborted).toBe(true);
    expect(linked.signal.reason).toMatchObject({ code: 'timeout', message: 'asking Pound took longer than 1 ms' });
  });

  it('waits as long as a timer can for a timeout that no timer can hold', () => {
    using linked = linkSignals([], 2 ** 40);
    expect(linked.signal.aborted).toBe(false);
  });

  it('leaves nothing on a long-lived parent', () => {
    const { signal } = new AbortController();
    for (let call = 0; call < 3; call++) linkSignals([signal], 1000)[Symbol.dispose]();
    expect(getEventListeners(signal, 'abort')).toEqual([]);
  });
});

describe('orAborted', () => {
  it('settles as the work does, and leaves nothing on the signal', async () => {
    const { signal } = new AbortController();
    expect(await orAborted(Promise.resolve(1), signal)).toBe(1);
    await expect(orAborted(Promise.reject(new Error('no')), signal)).rejects.toThrow('no');
    expect(getEventListeners(signal, 'abort')).toEqual([]);
  });

  it('rejects as soon as the signal aborts', async () => {
    const abort = new AbortController();
    const waiting = orAborted(new Promise(() => undefined), abort.signal);
    abort.abort(new AppError('timeout', 'too late'));
    await expect(waiting).rejects.toMatchObject({ code: 'timeout', message: 'too late' });
  });

  it('takes care of work that fails when nobody waits for it any more', async () => {
    const unhandled: unknown[] = [];
    const note = (error: unknown) => unhandled.push(error);
    process.on('unhandledRejection', note);
    try {
      await expect(orAborted(Promise.reject(new Error('no')), AbortSignal.abort())).rejects.toMatchObject({ code: 'cancelled' });
      await new Promise((resolve) => setImmediate(resolve));
      expect(unhandled).toEqual([]);
    } finally {
      process.off('unhandledRejection', note);
    }
  });
});

describe('reasonOf', () => {
  it('passes an error of ours on, and takes anything else for a cancellation', () => {
    const error = new AppError('timeout', 'too late');
    expect(reasonOf(AbortSignal.abort(error))).toBe(error);
    expect(reasonOf(AbortSignal.abort('why'))).toMatchObject({ code: 'cancelled', cause: 'why' });
  });

  it('is what throwIfAborted throws', () => {
    expect(() => throwIfAborted(AbortSignal.abort())).toThrow('cancelled');
    expect(() => throwIfAborted(new AbortController().signal)).not.toThrow();
  });
});

describe('pause', () => {
  it('ends early when it is told to, and leaves nothing on the signal', async () => {
    const { signal } = new AbortController();
    let end = (): void => undefined;
    const pausing = pause(null, signal, (done) => (end = done));
    end();
    await pausing;
    await pause(1, signal);
    expect(getEventListeners(signal, 'abort')).toEqual([]);
  });

  it('rejects when the signal aborts, also if it has before', async () => {
    const abort = new AbortController();
    const pausing = pause(60_000, abort.signal);
    abort.abort(new AppError('cancelled', 'enough'));
    await expect(pausing).rejects.toMatchObject({ message: 'enough' });
    await expect(pause(60_000, abort.signal)).rejects.toMatchObject({ message: 'enough' });
    expect(getEventListeners(abort.signal, 'abort')).toEqual([]);
  });
});
