import { reasonOf } from '../../../../shared/abort.js';
import type { ControlConnection, CtlDeps, Interrupt } from '../../../../controller/ctl/deps.js';
import { createOfflineConfig, type OfflineConfig } from '../../../../controller/config/offline.js';
import { runCtl } from '../../../../controller/ctl/ctl.js';
import { type FakeControl } from '../../../support/fake-control.js';
import { FAKE_NOW } from '../../../support/well-cluster.js';

export interface Typed {
  readonly control?: FakeControl;
  readonly address?: string | null;
  readonly connect?: CtlDeps['connect'];
  readonly login?: CtlDeps['login'];
  readonly controllerAddress?: CtlDeps['controllerAddress'];
  readonly configProblems?: OfflineConfig['problems'];
  readonly live?: boolean;
  readonly canAsk?: boolean;
  readonly columns?: number;
  readonly rows?: number;
  readonly color?: boolean;
  /** Answers to questions, in order. */
  readonly answers?: readonly string[];
}

export interface Seat {
  readonly out: () => string;
  readonly err: () => string;
  readonly questions: readonly string[];
  /** Presses Ctrl-C or closes the terminal. */
  press(kind: Interrupt): void;
  readonly exit: Promise<number>;
}

/** Somebody types a command line; nothing outside the process is touched. */
export function type(line: string, typed: Typed = {}): Seat {
  const written = { out: '', err: '' };
  const questions: string[] = [];
  const answers = [...(typed.answers ?? [])];
  const listeners: ((kind: Interrupt) => void)[] = [];
  const connection = (): ControlConnection => {
    if (typed.control === undefined) throw new Error('this test has no controller');
    return typed.control;
  };
  const color = typed.color ?? false;
  const exit = runCtl(words(line), {
    version: '1.2.3',
    by: 'tester@here',
    // A clock at which nothing ages and nobody waits: its sleeps end with their signal only.
    clock: {
      now: () => FAKE_NOW,
      sleep: (_ms, signal) => new Promise((_, reject) => signal.addEventListener('abort', () => reject(reasonOf(signal)))),
    },
    terminal: {
      out: (text) => void (written.out += text),
      drained: async () => undefined,
      err: (text) => void (written.err += text),
      live: typed.live ?? false,
      canAsk: typed.canAsk ?? false,
      color: { out: color, err: color },
      unicode: true,
      size: () => ({ columns: typed.columns ?? 100, rows: typed.rows ?? 24 }),
      async ask(question) {
        questions.push(question);
        return answers.shift() ?? '';
      },
    },
    interrupts: {
      listen(listener) {
        listeners.push(listener);
        return () => void listeners.splice(listeners.indexOf(listener), 1);
      },
    },
    controllerAddress: typed.controllerAddress ?? (async () => (typed.address === undefined ? '127.0.0.1:7400' : typed.address)),
    connect: typed.connect ?? (async () => connection()),
    login: typed.login ?? (async () => Promise.reject(new Error('this test logs in nowhere'))),
    embedded: async () => connection(),
    offline: async () => ({
      ...createOfflineConfig({}),
      ...(typed.configProblems === undefined ? {} : { problems: typed.configProblems }),
    }),
  });
  return { out: () => written.out, err: () => written.err, questions, press: (kind) => listeners.at(-1)?.(kind), exit };
}

/** Blanks separate words, as in a shell without quotes. */
const words = (line: string): string[] => line.split(' ').filter((word) => word !== '');

export const jsonLines = (text: string): Record<string, unknown>[] =>
  text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);

/** A command line to its end, and all that it said. */
export const printed = async (line: string, typed: Typed) => {
  const seat = type(line, typed);
  return { exit: await seat.exit, out: seat.out(), err: seat.err(), questions: seat.questions };
};
