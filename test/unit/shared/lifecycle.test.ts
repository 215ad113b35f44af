import { EventEmitter } from 'node:events';
import { describe, expect, it } from 'vitest';
import { createLifecycle, shutdownOnSignals } from '../../../shared/lifecycle.js';
import { createLogger } from '../../../shared/log.js';

interface Line {
  readonly level: string;
  readonly msg: string;
  readonly error?: { readonly message: string };
}

function aLifecycle() {
  const lines: Line[] = [];
  const lifecycle = createLifecycle({ log: createLogger({ name: 'test', write: (line) => lines.push(JSON.parse(line) as Line) }) });
  return { lifecycle, lines };
}

describe('a lifecycle', () => {
  it('cleans up in the reverse order, each once, however often it is shut down', async () => {
    const { lifecycle } = aLifecycle();
    const done: string[] = [];
    lifecycle.onShutdown('first', () => void done.push('first'));
    lifecycle.onShutdown('second', async () => {
      await Promise.resolve();
      done.push('second');
    });
    await Promise.all([lifecycle.shutdown('test'), lifecycle.shutdown('again')]);
    await lifecycle.shutdown('and again');
    expect(done).toEqual(['second', 'first']);
  });

  it('goes on when a clean-up fails or hangs, and says which', async () => {
    const { lifecycle, lines } = aLifecycle();
    const done: string[] = [];
    lifecycle.onShutdown('last', () => void done.push('last'));
    lifecycle.onShutdown('hanging', () => new Promise(() => undefined), 20);
    lifecycle.onShutdown('failing', () => {
      throw new Error('broken');
    });
    await lifecycle.shutdown('test');
    expect(done).toEqual(['last']);
    expect(lines.map(({ msg, error }) => [msg, error?.message])).toEqual([
      ['shutting down', undefined],
      ['shutdown of failing failed', 'broken'],
      ['shutdown of hanging failed', 'shutdown of hanging took longer than 20 ms'],
    ]);
  });

  it('tells at once that it is stopping', () => {
    const { lifecycle } = aLifecycle();
    expect(lifecycle.stopping.aborted).toBe(false);
    void lifecycle.shutdown('test');
    expect(lifecycle.stopping.aborted).toBe(true);
  });

  it('cleans up what was registered too late, too', async () => {
    const { lifecycle } = aLifecycle();
    await lifecycle.shutdown('test');
    const done = new Promise<void>((resolve) => lifecycle.onShutdown('late', resolve));
    await expect(done).resolves.toBeUndefined();
  });
});

describe('shutdownOnSignals', () => {
  it('shuts down in order at the first signal, and exits with 0', async () => {
    const { lifecycle } = aLifecycle();
    const done: string[] = [];
    lifecycle.onShutdown('server', () => void done.push('server'));
    const source = new EventEmitter();
    const exited = new Promise<number>((exit) => shutdownOnSignals(lifecycle, { source: source as NodeJS.Process, exit }));
    source.emit('SIGTERM', 'SIGTERM', 15);
    expect(await exited).toBe(0);
    expect(done).toEqual(['server']);
  });

  it('exits at once at the second signal', () => {
    const { lifecycle } = aLifecycle();
    lifecycle.onShutdown('hanging', () => new Promise(() => undefined), 10);
    const source = new EventEmitter();
    const codes: number[] = [];
    shutdownOnSignals(lifecycle, { source: source as NodeJS.Process, exit: (code) => codes.push(code) });
    source.emit('SIGTERM', 'SIGTERM', 15);
    expect(codes).toEqual([]);
    source.emit('SIGINT', 'SIGINT', 2);
    expect(codes).toEqual([130]);
  });

  it('listens no more when disposed of', () => {
    const source = new EventEmitter();
    {
      using signals = shutdownOnSignals(aLifecycle().lifecycle, { source: source as NodeJS.Process, exit: () => undefined });
      expect(signals).toBeDefined();
      expect(source.listenerCount('SIGINT')).toBe(1);
    }
    expect(source.listenerCount('SIGINT') + source.listenerCount('SIGTERM')).toBe(0);
  });
});
