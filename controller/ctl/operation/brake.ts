import { linkSignals } from '../../../shared/abort.js';
import { AppError, toAppError } from '../../../shared/errors.js';
import type { Interrupt } from '../deps.js';
import { inHand, type Progress } from './progress.js';
import type { Connected } from '../session.js';

/** What Ctrl-C, a hangup and a timeout do to an operation that is being shown. */
export interface Brake {
  pull(kind: Interrupt): void;
  timeout(): void;
  /** Sends a halt that had to wait until the operation had a name. */
  release(): void;
  /** A halt was asked for. */
  pulled(): boolean;
  /** Nothing more is said. Resolves when a halt that is on its way has arrived: a link that is closed too early would lose it. */
  end(): Promise<void>;
}

export interface BrakeOptions {
  /** We run the operation; otherwise we only look on. */
  readonly owner: boolean;
  readonly progress: () => Progress;
  readonly say: (message: string) => void;
  readonly detach: (why: AppError) => void;
}

/**
 * The first Ctrl-C halts, the second one and a hangup detach. Who only looks on just leaves. A controller in our own process cannot be
 * left alone: there everything halts and waits for the end.
 */
export function createBrake(
  { api, command, deps, embedded }: Pick<Connected, 'api' | 'command' | 'deps' | 'embedded'>,
  options: BrakeOptions,
): Brake {
  const { owner, progress } = options;
  let wanted = false;
  let ended = false;
  let sending: Promise<void> | null = null;

  const say = (message: string) => {
    if (!ended) options.say(message);
  };
  const detach = (why: string) => options.detach(new AppError('cancelled', why));
  const send = async (operation: string) => {
    using bound = linkSignals([], HALT_MS, 'the request to halt');
    try {
      await api.halt(operation, 'interrupted', deps.by, bound.signal);
    } catch (error) {
      const { message } = toAppError(error, 'failed', 'halt');
      say(`could not ask the controller to halt: ${message}`);
    }
  };
  const release = () => {
    const { operation } = progress();
    if (!wanted || sending !== null || operation === null) return;
    const leave = embedded ? '' : ' Ctrl-C again leaves now.';
    say(`${whatIsLeft(progress())}, then stopping; \`${command('operations', 'resume', operation)}\` goes on later.${leave}`);
    sending = send(operation);
  };
  const halt = () => {
    wanted = true;
    if (progress().operation === null) say('stopping as soon as the operation has begun. Ctrl-C again leaves now.');
    release();
  };

  return {
    release,
    pulled: () => wanted,
    async end() {
      ended = true;
      await sending;
    },
    timeout() {
      if (embedded && owner) halt();
    },
    pull(kind) {
      if (!owner) detach('no longer following');
      else if (embedded && wanted) say(`still ${whatIsLeft(progress())}: the controller runs in this process and cannot be left alone`);
      else if (!embedded && kind === 'hangup') detach('the terminal has gone away');
      else if (wanted) detach('left');
      else halt();
    },
  };
}

const HALT_MS = 3_000;

function whatIsLeft(progress: Progress): string {
  const hands = inHand(progress);
  return hands.length === 0 ? 'finishing the step in hand' : `finishing or putting back ${hands.join(', ')} (at most its start_deadline)`;
}
