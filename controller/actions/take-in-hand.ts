import type { JournalEvent } from '../rolling/events.js';
import { createExecutor, type Executor } from '../rolling/executor.js';
import type { Journal, JournalStore } from '../rolling/journal.js';
import type { Lease } from '../rolling/lock.js';
import type { RollWorld } from '../rolling/observe.js';
import { createRollPorts } from '../rolling/ports.js';
import { evolve, replay } from '../rolling/progress.js';
import { tellJournal, toOperationEvents } from '../rolling/report.js';
import { whileHeld } from '../rolling/while-held.js';
import { linkSignals } from '../../shared/abort.js';
import type { Log } from '../../shared/log.js';
import { createEventLog, type EventLog } from './event-log.js';
import { createWaits } from './waits.js';

export type Attached = Extract<JournalEvent, { type: 'attached' }>;

/** What was written down as begun. */
export interface Begun {
  readonly executor: Executor;
  readonly events: EventLog;
  readonly done: Promise<unknown>;
}

export interface HandDeps {
  readonly world: RollWorld;
  readonly journals: JournalStore;
  readonly log: Log;
}

export interface Hand {
  readonly id: string;
  /** Its journal so far; of a new one its first line, which is written now. */
  readonly past: readonly JournalEvent[];
  readonly attached: Attached;
  readonly lease: Lease;
  /** Leaves it where it is. */
  readonly signal: AbortSignal;
}

/** Opens the journal of an operation and drives it to its end, as long as its lock is ours. */
export async function takeInHand(deps: HandDeps, hand: Hand): Promise<Begun> {
  const journal = await deps.journals.open(hand.id);
  try {
    return await attach(deps, hand, journal);
  } catch (error) {
    await journal.close();
    throw error;
  }
}

async function attach({ world, log }: HandDeps, { id, past, attached, lease, signal }: Hand, journal: Journal): Promise<Begun> {
  const { why } = attached;
  const { clock } = world;
  const events = createEventLog();
  // A run that is taken up again is told from its beginning.
  if (why !== 'started') for (const event of tellJournal(past)) if (event.type !== 'result') events.add(event);
  let progress = why === 'started' ? null : replay(past);
  const tell = (event: JournalEvent) => {
    const before = progress;
    progress = before === null ? replay([event]) : evolve(before, event);
    for (const told of toOperationEvents(before, event, progress)) events.add(told);
  };
  const waits = createWaits(clock, (member, message) =>
    events.add({ type: 'note', operation: id, service: member, at: clock.now(), message }),
  );
  const told: Journal = {
    ...journal,
    async append(event) {
      await journal.append(event);
      log.info({ operation: id, event: event.type === 'started' ? { ...event, plan: event.plan.batches.length } : event }, event.type);
      tell(event);
    },
  };
  const ports = whileHeld(createRollPorts(world, told, waits), lease);
  if (why === 'started') for (const event of past) await ports.append(event);
  await ports.append(attached);
  const executor = createExecutor([...past, attached], ports);
  const done = runWhile(executor, [signal, lease.lost]).finally(() => journal.close());
  return { executor, events, done };
}

async function runWhile(executor: Executor, signals: readonly AbortSignal[]): Promise<unknown> {
  using linked = linkSignals(signals);
  return await executor.run(linked.signal);
}
