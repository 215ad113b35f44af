import { orAborted } from '../../shared/abort.js';
import type { Clock } from '../../shared/ports/clock.js';

/** Orders that come close together, or while others are carried out, are carried out together: one dear piece of work does for all. */
export interface Rounds<Order> {
  /**
   * Settles as `perform` says of this order. An order whose signal aborts before its round begins is left out; a round that has begun is not
   * interrupted: whoever gave up finds it done.
   */
  join(key: string, order: Order, round: Round<Order>): Promise<void>;
  /** When all that has joined by now is settled. */
  idle(): Promise<void>;
}

export interface Round<Order> {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Carries out the orders in the sequence in which they came, and answers for each: null, or why it failed. Of the first one to join. */
  readonly perform: (orders: readonly Order[]) => Promise<readonly (Error | null)[]>;
}

/** After the first order of a round, so long is waited for more. */
export const GATHER_MS = 250;

export function createRounds<Order>(): Rounds<Order> {
  const queues = new Map<string, Waiting<Order>[]>();
  const running = new Set<Promise<void>>();

  async function run(key: string, queue: Waiting<Order>[]): Promise<void> {
    for (let first = queue[0]; first !== undefined; first = queue[0]) {
      await first.round.clock.sleep(GATHER_MS, NEVER);
      const all = queue.splice(0).filter(({ round }) => !round.signal.aborted);
      const [leader] = all;
      if (leader !== undefined) await settle(leader.round, all);
    }
    queues.delete(key);
  }

  return {
    join(key, order, round) {
      const settled = new Promise<void>((resolve, reject) => {
        const waiting = { order, round, resolve, reject };
        const queue = queues.get(key);
        if (queue !== undefined) {
          queue.push(waiting);
          return;
        }
        const begun = [waiting];
        queues.set(key, begun);
        // What fails is told to those who wait, see `settle`; sleep cannot: its signal never aborts.
        const end = run(key, begun).finally(() => running.delete(end));
        running.add(end);
      });
      return orAborted(settled, round.signal);
    },
    async idle() {
      await Promise.all(running);
    },
  };
}

interface Waiting<Order> {
  readonly order: Order;
  readonly round: Round<Order>;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

const NEVER = new AbortController().signal;

async function settle<Order>({ perform }: Round<Order>, all: readonly Waiting<Order>[]): Promise<void> {
  try {
    const failures = await perform(all.map(({ order }) => order));
    for (const [index, { resolve, reject }] of all.entries()) {
      const failure = failures[index] ?? null;
      if (failure === null) resolve();
      else reject(failure);
    }
  } catch (error) {
    for (const { reject } of all) reject(error);
  }
}
