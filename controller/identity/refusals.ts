import type { Log } from '../../shared/log.js';
import { type Caller, describeIdentity } from '../../shared/model/identity.js';
import type { Clock } from '../../shared/ports/clock.js';
import { createRepeats, moreOf } from '../../shared/repeats.js';
import type { RefusedCall } from '../../shared/rpc/caller.js';
import { isChange } from './roles.js';

/** Who wanted to change something and may not, for the audit. */
export interface RefusedChange {
  /** The name of his certificate `@` the address that he came from. */
  readonly by: string;
  /** The method, since no more is read of a call that is refused: `Run` is start, stop, restart, rotate, purge and repair. */
  readonly what: string;
  readonly why: string;
}

/** Says who was refused, whoever hammers. */
export interface Refusals {
  call(refused: RefusedCall): void;
  token(peer: string, error: unknown): void;
  stop(): void;
}

export interface RefusalsDeps {
  readonly clock: Pick<Clock, 'sleep'>;
  readonly log: Log;
  readonly record: (change: RefusedChange) => void;
}

export function createRefusals({ clock, log, record }: RefusalsDeps): Refusals {
  const told = createRepeats(clock, (others) => log.warn({ others }, `${others} more calls were refused, of many others`));
  // Apart: those who have no name must not make so many kinds that somebody with one is only counted.
  const recorded = createRepeats(clock, (others) => log.warn({ others }, `${others} more refused changes are not on record one by one`));

  return {
    // By who, where and what, not by why: that may have the time in it.
    call({ caller, peer, path, error }) {
      const at = addressOf(peer);
      const method = path.split('/').at(-1) ?? path;
      // That one was told when it connected.
      if (caller.kind !== 'anonymous' || caller.why === null)
        told.tell(`${describe(caller)} ${at} ${path}`, (more) =>
          log.warn({ peer, path, error }, `${method} of ${describe(caller)} at ${at} was refused: ${error.message}${moreOf(more)}`),
        );
      if (caller.kind === 'local' || caller.kind === 'anonymous' || !isChange(path)) return;
      const by = `${caller.name}@${at}`;
      recorded.tell(`${by} ${path}`, (more) => record({ by, what: method, why: `${error.message}${moreOf(more)}` }));
    },
    token(peer, error) {
      const at = addressOf(peer);
      told.tell(`token ${at}`, (more) => log.warn({ error, peer }, `a token from ${at} was refused${moreOf(more)}`));
    },
    stop() {
      told.stop();
      recorded.stop();
    },
  };
}

const addressOf = (peer: string): string => peer.replace(/:\d+$/, '');
const describe = (caller: Caller): string =>
  caller.kind === 'local' || caller.kind === 'anonymous' ? 'somebody without a certificate' : describeIdentity(caller);
