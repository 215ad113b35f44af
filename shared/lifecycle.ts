import { linkSignals, orAborted } from './abort.js';
import type { Log } from './log.js';

/** How a program ends: what was started last is cleaned up first, each clean-up has a name and a bound. */
export interface Lifecycle {
  /** Registered while the program is ending, it runs at once. */
  onShutdown(name: string, cleanUp: () => void | Promise<void>, boundMs?: number): void;
  /** Runs all clean-ups, each once however often this is called. Never rejects: what fails is logged, and the others go on. */
  shutdown(reason: string): Promise<void>;
  /** Aborts when the shutdown begins. */
  readonly stopping: AbortSignal;
}

export function createLifecycle({ log }: { readonly log: Log }): Lifecycle {
  const stopping = new AbortController();
  const stack: CleanUp[] = [];
  let ended: Promise<void> | undefined;

  return {
    stopping: stopping.signal,
    onShutdown(name, run, boundMs = 5_000) {
      stack.push({ name, run, boundMs });
      if (ended !== undefined) ended = ended.then(unwind);
    },
    shutdown(reason) {
      if (ended !== undefined) return ended;
      log.info({ reason }, 'shutting down');
      ended = unwind();
      stopping.abort(new Error(reason));
      return ended;
    },
  };

  async function unwind(): Promise<void> {
    await Promise.resolve();
    for (let next = stack.pop(); next !== undefined; next = stack.pop()) await perform(next, log);
  }
}

interface CleanUp {
  readonly name: string;
  readonly run: () => void | Promise<void>;
  readonly boundMs: number;
}

async function perform({ name, run, boundMs }: CleanUp, log: Log): Promise<void> {
  using bound = linkSignals([], boundMs, `shutdown of ${name}`);
  try {
    await orAborted(Promise.resolve().then(run), bound.signal);
  } catch (error) {
    log.error({ error, cleanUp: name }, `shutdown of ${name} failed`);
  }
}

export interface SignalOptions {
  /** Where signals come from: `process`. */
  readonly source: Pick<NodeJS.Process, 'on' | 'off'>;
  /** Ends the process. */
  readonly exit: (code: number) => void;
  readonly signals?: readonly NodeJS.Signals[];
}

/** The first signal shuts down in order and exits with 0; a second one exits at once with 128 + its number. */
export function shutdownOnSignals(lifecycle: Lifecycle, options: SignalOptions): Disposable {
  const { source, exit, signals = ['SIGINT', 'SIGTERM'] } = options;
  let seen = false;
  const onSignal = (signal: NodeJS.Signals, number: number) => {
    if (seen) {
      exit(128 + number);
      return;
    }
    seen = true;
    void lifecycle.shutdown(signal).then(() => exit(0));
  };
  for (const signal of signals) source.on(signal, onSignal);
  return {
    [Symbol.dispose]() {
      for (const signal of signals) source.off(signal, onSignal);
    },
  };
}
