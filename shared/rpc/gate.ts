import { type Metadata, type ServerInterceptingCallInterface, ServerInterceptingCall, type ServerInterceptor } from '@grpc/grpc-js';
import { AppError, toAppError } from '../errors.js';
import { type Admit, CALLER, callerOf } from './caller.js';
import { wireStatusOf } from './status.js';

/**
 * Judges a call by its head: of one that is refused nothing more is read, and of those who have no certificate that is accepted, and so may
 * join at most, a few at a time are listened to, each for a while. So it takes a certificate to fill the memory of a controller.
 */
export function createGate(admit: Admit, refusalOf: (peer: string) => string | null): ServerInterceptor {
  const strangers = createQueue();
  return (method, call) => {
    let leave = () => undefined;
    return new ServerInterceptingCall(call, {
      start: (next) =>
        next({
          onReceiveMetadata(metadata: Metadata, proceed) {
            try {
              const caller = callerOf(metadata.get(CALLER)[0], call.getPeer(), refusalOf);
              admit(caller, method.path);
              if (caller.kind === 'anonymous') leave = strangers.enter(call, () => proceed(metadata));
              else proceed(metadata);
            } catch (error) {
              call.sendStatus(wireStatusOf(toAppError(error, 'internal', 'the caller cannot be judged')));
            }
          },
          // However the call ended.
          onCancel: () => leave(),
        }),
    });
  };
}

const AT_A_TIME = 16;
const STRANGER_MS = 5_000;

/** Lets in so many at a time, in the order in which they came. */
function createQueue() {
  const waiting = new Set<() => void>();
  let inside = 0;

  return {
    /** Calls `proceed` when it is the turn of this call. What it answers is to be called when the call is over. */
    enter(call: ServerInterceptingCallInterface, proceed: () => void): () => undefined {
      let timer: NodeJS.Timeout | null = null;
      const come = () => {
        inside += 1;
        timer = setTimeout(() => call.sendStatus(wireStatusOf(tooSlow())), STRANGER_MS);
        proceed();
      };
      waiting.add(come);
      letIn();
      return () => {
        waiting.delete(come);
        if (timer === null) return;
        clearTimeout(timer);
        timer = null;
        inside -= 1;
        letIn();
      };
    },
  };

  function letIn(): void {
    for (const come of waiting) {
      if (inside >= AT_A_TIME) return;
      waiting.delete(come);
      come();
    }
  }
}

const tooSlow = (): AppError =>
  new AppError('timeout', `without a certificate a call may take ${STRANGER_MS / 1000} s`, { hint: 'try again' });
