import { type Metadata, type ServerInterceptingCallInterface, ServerInterceptingCall, type ServerInterceptor } from '@grpc/grpc-js';
import { AppError, toAppError } from '../errors.js';
import { type Admit, CALLER, callerOf, type RefusedCall } from './caller.js';
import { wireStatusOf } from './status.js';

export interface GateDeps {
  readonly admit: Admit;
  /** Told of each call that is not admitted. */
  readonly refused: (call: RefusedCall) => void;
  /** Why the certificate of a connection was not accepted. */
  readonly refusalOf: (peer: string) => string | null;
}

/**
 * Judges a call by its head: of one that is refused nothing more is read, and of those who have no certificate that is accepted, and so may
 * join at most, a few at a time are listened to, each for a while. So it takes a certificate to fill the memory of a controller.
 */
export function createGate({ admit, refused, refusalOf }: GateDeps): ServerInterceptor {
  const strangers = createQueue();
  return (method, call) => {
    let leave = () => undefined;
    return new ServerInterceptingCall(call, {
      start: (next) =>
        next({
          onReceiveMetadata(metadata: Metadata, proceed) {
            const [peer, { path }] = [call.getPeer(), method];
            const caller = callerOf(metadata.get(CALLER)[0], peer, refusalOf);
            try {
              admit(caller, path);
              if (caller.kind === 'anonymous') leave = strangers.enter(call, () => proceed(metadata));
              else proceed(metadata);
            } catch (thrown) {
              const error = toAppError(thrown, 'internal', 'the caller cannot be judged');
              refused({ caller, peer, path, error });
              call.sendStatus(wireStatusOf(error));
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
const MAX_WAITING = 256;

/** Lets in so many at a time, in the order in which they came; so many more may wait. */
function createQueue() {
  const waiting = new Set<() => void>();
  let inside = 0;

  return {
    /** Calls `proceed` when it is the turn of this call. What it answers is to be called when the call is over. Throws `unreachable` if too many wait. */
    enter(call: ServerInterceptingCallInterface, proceed: () => void): () => undefined {
      if (waiting.size >= MAX_WAITING) throw tooMany();
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

const tooMany = (): AppError =>
  new AppError('unreachable', `${MAX_WAITING} calls without a certificate wait already`, { hint: 'try again in a minute' });
