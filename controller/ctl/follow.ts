import { linkSignals, orAborted } from '../../shared/abort.js';
import { AppError, toAppError } from '../../shared/errors.js';
import type { OperationEvent } from '../../shared/model/operation.js';
import { EXIT, exitOfError, worstExit, type ExitCode } from './exit-codes.js';
import { evolve, inHand, NO_PROGRESS } from './format/progress.js';
import type { OperationView } from './format/view.js';
import type { Connected } from './session.js';

export interface FollowOptions {
  readonly events: (signal: AbortSignal) => AsyncIterable<OperationEvent>;
  readonly view: OperationView;
  /** We run the operation: Ctrl-C halts it. Otherwise we only look on, and Ctrl-C ends the looking. */
  readonly owner: boolean;
}

/**
 * Shows an operation up to its result and answers the exit code. The first Ctrl-C halts it and goes on to the result, a second one, a
 * hangup, a timeout or a lost link detach: the controller goes on, and the operator learns how to look at it again. An embedded
 * controller cannot be left: there each of them halts.
 */
export async function follow(connected: Connected, options: FollowOptions): Promise<ExitCode> {
  const { view } = options;
  const leaving = new AbortController();
  using either = linkSignals([leaving.signal, ...(connected.embedded ? [] : [connected.signal])]);
  let progress = NO_PROGRESS;
  const brake = createBrake(connected, options, leaving, () => progress);
  const stopListening = connected.deps.interrupts.listen((kind) => brake.pull(kind));
  const onTimeout = () => brake.timeout();
  connected.signal.addEventListener('abort', onTimeout, { once: true });

  const events = options.events(either.signal)[Symbol.asyncIterator]();
  try {
    for (;;) {
      const next = await orAborted(events.next(), either.signal);
      if (next.done === true) throw new AppError('unreachable', 'the stream of events ended before the operation did');
      progress = evolve(progress, next.value);
      view.show(next.value);
      if (next.value.type === 'result') return worstExit([next.value.result.exit, ...(brake.pulled() ? [EXIT.interrupted] : [])]);
      brake.release();
    }
  } catch (error) {
    const failure = parting(
      toAppError(error, 'internal', 'the operation could not be followed'),
      progress.operation,
      connected,
      options.owner,
    );
    const exit = brake.pulled() ? worstExit([exitOfError(failure.code), EXIT.interrupted]) : exitOfError(failure.code);
    view.fail(failure, exit, progress.operation);
    return exit;
  } finally {
    brake.end();
    stopListening();
    connected.signal.removeEventListener('abort', onTimeout);
    view.close();
    // Ending the stream early does not end the operation. A dead link may never answer this: it is not waited for.
    void Promise.resolve(events.return?.()).catch(() => undefined);
  }
}

interface Brake {
  pull(kind: 'interrupt' | 'hangup'): void;
  timeout(): void;
  /** Sends a halt that had to wait until the operation had a name. */
  release(): void;
  pulled(): boolean;
  end(): void;
}

function createBrake(connected: Connected, options: FollowOptions, leaving: AbortController, progress: () => typeof NO_PROGRESS): Brake {
  const { view, owner } = options;
  let wanted = false;
  let sent = false;
  let ended = false;

  const detach = (why: string) => leaving.abort(new AppError('cancelled', why));
  const say = (message: string) => {
    if (!ended) view.say(message);
  };
  const send = async (operation: string) => {
    using bound = linkSignals([], HALT_MS, 'the request to halt');
    try {
      await connected.api.halt(operation, 'interrupted', bound.signal);
    } catch (error) {
      const { message } = toAppError(error, 'failed', 'halt');
      say(`could not ask the controller to halt: ${message}. It goes on; Ctrl-C leaves it alone.`);
    }
  };
  const release = () => {
    const { operation } = progress();
    if (!wanted || sent || operation === null) return;
    sent = true;
    const hands = inHand(progress());
    const what =
      hands.length === 0
        ? 'stopping before the next client'
        : `finishing or putting back ${hands.join(', ')} (at most its start_deadline), then stopping`;
    say(
      `${what}; \`${connected.command('operations', 'resume', operation)}\` goes on later. ${connected.embedded ? '' : 'Ctrl-C again leaves now.'}`.trimEnd(),
    );
    void send(operation);
  };
  const halt = () => {
    wanted = true;
    if (progress().operation === null) say('stopping as soon as the operation has a name. Ctrl-C again leaves now.');
    release();
  };

  return {
    release,
    pulled: () => wanted,
    end: () => void (ended = true),
    timeout() {
      if (connected.embedded && owner) halt();
    },
    pull(kind) {
      if (!owner) {
        detach('no longer following');
        return;
      }
      if (connected.embedded) {
        if (!wanted) {
          halt();
          return;
        }
        say(
          `still finishing ${inHand(progress()).join(', ') || 'the last step'}: the controller runs in this process, it cannot be left alone`,
        );
        return;
      }
      if (kind === 'hangup') {
        detach('the terminal has gone away');
        return;
      }
      if (wanted) {
        detach('left');
        return;
      }
      halt();
    },
  };
}

const HALT_MS = 5_000;

/** What happens to the operation after us, and where to look. */
function parting(error: AppError, operation: string | null, connected: Connected, owner: boolean): AppError {
  const { command } = connected;
  if (operation === null) {
    if (error.code !== 'unreachable' && error.code !== 'timeout' && error.code !== 'cancelled') return error;
    const hint = `whether it began says \`${command('operations', 'list')}\``;
    return new AppError(error.code, owner ? `${error.message}, before the operation had begun` : error.message, {
      hint: owner ? hint : error.hint,
      cause: error,
    });
  }
  const goesOn =
    owner && (error.code === 'unreachable' || error.code === 'cancelled' || error.code === 'timeout')
      ? `: the controller goes on with ${operation}`
      : '';
  return new AppError(error.code, `${error.message}${goesOn}`, {
    hint: `\`${command('operations', 'show', operation, '--follow')}\` shows it`,
    cause: error,
  });
}
