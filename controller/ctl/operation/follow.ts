import { linkSignals, orAborted } from '../../../shared/abort.js';
import { AppError, toAppError, type ErrorCode } from '../../../shared/errors.js';
import type { OperationEvent } from '../../../shared/model/operation.js';
import { createBrake } from './brake.js';
import { EXIT, exitOfError, worstExit, type ExitCode } from '../exit-codes.js';
import { evolve, NO_PROGRESS } from './progress.js';
import type { OperationView } from './view.js';
import type { Connected } from '../session.js';

export interface FollowOptions {
  readonly events: (signal: AbortSignal) => AsyncIterable<OperationEvent>;
  readonly view: OperationView;
  /** We run the operation: Ctrl-C halts it. Otherwise we only look on, and Ctrl-C ends the looking. */
  readonly owner: boolean;
}

/**
 * Shows an operation up to its result and answers the exit code. The first Ctrl-C halts it and goes on to the result; a second one, a
 * hangup, a timeout or a lost link detach: the controller goes on, and the operator learns how to look at it again.
 */
export async function follow(connected: Connected, options: FollowOptions): Promise<ExitCode> {
  const { view, owner } = options;
  const leaving = new AbortController();
  using either = linkSignals([leaving.signal, ...(connected.embedded ? [] : [connected.signal])]);
  let progress = NO_PROGRESS;
  const brake = createBrake(connected, {
    owner,
    progress: () => progress,
    say: (message) => view.say(message),
    detach: (why) => leaving.abort(why),
  });
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
    const failure = toAppError(error, 'internal', 'the operation could not be followed');
    const parting = { owner, halting: brake.pulled(), command: connected.command };
    const told = progress.operation === null ? beforeItBegan(failure, parting) : afterwards(failure, progress.operation, parting);
    const exit = worstExit([exitOfError(failure.code), ...(brake.pulled() ? [EXIT.interrupted] : [])]);
    view.fail(told, exit, progress.operation);
    return exit;
  } finally {
    stopListening();
    connected.signal.removeEventListener('abort', onTimeout);
    view.close();
    // A dead link may never answer this: it is not waited for.
    void Promise.resolve(events.return?.()).catch(() => undefined);
    await brake.end();
  }
}

interface Parting {
  readonly owner: boolean;
  readonly halting: boolean;
  readonly command: Connected['command'];
}

/** Errors that end our looking, not the operation. */
const GOES_ON: readonly ErrorCode[] = ['unreachable', 'timeout', 'cancelled'];

/** What the controller answered has a hint of its own, also if it is about an agent that cannot be reached; a link that is lost has none. */
function beforeItBegan(error: AppError, { owner, command }: Parting): AppError {
  if (!owner || !GOES_ON.includes(error.code) || error.hint !== undefined) return error;
  return new AppError(error.code, `${error.message}, before the operation had begun`, {
    hint: `\`${command('operations', 'list')}\` says whether it began after all`,
    cause: error,
  });
}

function afterwards(error: AppError, operation: string, { owner, halting, command }: Parting): AppError {
  const doing = halting ? `halts ${operation} as soon as the client in hand is safe` : `goes on with ${operation}`;
  const goesOn = owner && GOES_ON.includes(error.code) ? `: the controller ${doing}` : '';
  return new AppError(error.code, `${error.message}${goesOn}`, {
    hint: `\`${command('operations', 'show', operation, '--follow')}\` shows it`,
    cause: error,
  });
}
