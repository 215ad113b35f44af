import { preflight } from '../rolling/preflight.js';
import type { RollWorld } from '../rolling/observe.js';
import { createRollPorts } from '../rolling/ports.js';
import { createExecutor, type Executor } from '../rolling/executor.js';
import { type JournalStore, operationId } from '../rolling/journal.js';
import type { Lease } from '../rolling/lock.js';
import type { JournalEvent } from '../rolling/events.js';
import { planSteps, type RollPlan } from '../rolling/plan.js';
import { evolve, replay } from '../rolling/progress.js';
import { summaryOf, tellJournal, toOperationEvents } from '../rolling/report.js';
import { AppError, messageOf } from '../../shared/errors.js';
import type { Log } from '../../shared/log.js';
import type { ControlApi, RunRequest } from '../../shared/model/control-api.js';
import type { OperationEvent, OperationSummary } from '../../shared/model/operation.js';
import { createEventLog, type EventLog } from './event-log.js';

export interface OperationsDeps {
  readonly world: RollWorld;
  readonly journals: JournalStore;
  readonly lock: (what: string, by: string) => Promise<Lease>;
  readonly log: Log;
  /** Takes an unfinished operation up again by itself; embedded mode leaves that to the operator. */
  readonly resumesByItself: boolean;
}

export interface Operations extends Pick<ControlApi, 'plan' | 'run' | 'operations' | 'events' | 'resume' | 'halt'> {
  /** Takes up what an earlier controller left unfinished. */
  recover(): Promise<void>;
  /** Leaves the operation in hand where it is; whoever comes next takes it up. */
  stop(): Promise<void>;
}

interface Running {
  readonly id: string;
  readonly by: string;
  readonly executor: Executor | null;
  readonly events: EventLog;
  readonly ended: Promise<void>;
}

/** A wait is told when it lasts. */
const TELL_WAIT_MS = 3_000;

/** One operation at a time: every start and stop, from its lock to its last event. */
export function createOperations(deps: OperationsDeps): Operations {
  const { world, journals, log } = deps;
  const stopping = new AbortController();
  let running: Running | null = null;
  let reserved: string | null = null;

  async function* run(request: RunRequest, signal: AbortSignal): AsyncIterable<OperationEvent> {
    const id = operationId(world.clock.now(), Math.random());
    const { events } = await exclusively(id, request.by, async () => {
      await refuseWhileUnfinished();
      const plan = await preflight(world, id, request, signal);
      return begin(id, [{ type: 'started', at: world.clock.now(), plan }], 'started');
    });
    yield* events.follow(signal);
  }

  async function* resume(id: string, signal: AbortSignal): AsyncIterable<OperationEvent> {
    const { events } = await exclusively(id, 'resume', async () => {
      const journal = await journals.read(id);
      const state = summaryOf(replay(journal)).state;
      if (state === 'completed' || state === 'aborted')
        throw new AppError('precondition', `operation ${id} is ${state}: there is nothing to resume`);
      return begin(id, journal, 'resumed');
    });
    yield* events.follow(signal);
  }

  /** Holds the lock from before the first look at the cluster until the operation has ended; without an operation it is given back. */
  async function exclusively(
    id: string,
    by: string,
    start: (lease: Lease) => Promise<Omit<Running, 'ended'> & { readonly done: Promise<unknown> }>,
  ): Promise<Running> {
    const other = running?.id ?? reserved;
    if (other !== null) throw new AppError('conflict', `operation ${other} is running`, { hint: `ctl operations show ${other} --follow` });
    reserved = id;
    try {
      const lease = await deps.lock(`operation ${id}`, by);
      try {
        const { done, ...rest } = await start(lease);
        const ended = done
          .then(
            () => undefined,
            (error: unknown) => {
              if (!stopping.signal.aborted) log.error({ error, operation: id }, `operation ${id} ended badly; it stays unfinished`);
            },
          )
          .then(async () => {
            rest.events.end();
            running = null;
            await lease.release();
          });
        running = { ...rest, ended };
        return running;
      } catch (error) {
        await lease.release();
        throw error;
      }
    } finally {
      reserved = null;
    }
  }

  async function begin(id: string, past: readonly JournalEvent[], why: Extract<JournalEvent, { type: 'attached' }>['why']) {
    const journal = await journals.open(id);
    const events = createEventLog();
    // A run that is taken up again is told from its beginning.
    if (why !== 'started') for (const event of tellJournal(past)) if (event.type !== 'result') events.add(event);
    let progress = why === 'started' ? null : replay(past);
    const tell = (event: JournalEvent) => {
      const before = progress;
      progress = before === null ? replay([event]) : evolve(before, event);
      for (const told of toOperationEvents(before, event, progress)) events.add(told);
    };
    const waits = createWaits(
      (member, message) => events.add({ type: 'note', operation: id, service: member, at: world.clock.now(), message }),
      () => world.clock.now(),
    );
    const ports = createRollPorts(
      world,
      {
        async append(event) {
          await journal.append(event);
          log.info({ operation: id, event: event.type === 'started' ? { ...event, plan: event.plan.batches.length } : event }, event.type);
          tell(event);
        },
        close: () => journal.close(),
      },
      waits,
    );
    if (why === 'started') for (const event of past) await ports.append(event);
    const attached: JournalEvent = { type: 'attached', at: world.clock.now(), why };
    await ports.append(attached);
    const executor = createExecutor([...past, attached], ports);
    if (why === 'aborting') await executor.halt('aborted');
    const done = executor.run(stopping.signal).finally(() => journal.close());
    return { id, by: past[0]?.type === 'started' ? past[0].plan.by : '', executor, events, done };
  }

  async function refuseWhileUnfinished(): Promise<void> {
    const last = (await journals.list()).at(-1);
    if (last === undefined) return;
    const { state } = summaryOf(replay(await journals.read(last)));
    if (state !== 'interrupted' && state !== 'running') return;
    throw new AppError('conflict', `operation ${last} was interrupted and is not finished`, {
      hint: `ctl operations resume ${last}, or ctl operations abort ${last}`,
    });
  }

  return {
    async plan(request, signal) {
      const plan: RollPlan = await preflight(world, 'plan', request, signal);
      const now = plan.batches.flatMap((batch) => batch.members);
      const interrupts = [];
      for (const { name, steps } of now) if (steps.includes('stop') && (await isRunning(world, name, signal))) interrupts.push(name);
      return { steps: planSteps(plan), warnings: plan.warnings, interrupts };
    },
    run,
    resume,
    async operations() {
      const ids = await journals.list();
      const all: OperationSummary[] = [];
      for (const id of ids) all.push(summaryOf(replay(await journals.read(id))));
      return all;
    },
    async *events(id, { follow }, signal) {
      if (running?.id === id && follow) {
        yield* running.events.follow(signal);
        return;
      }
      yield* tellJournal(await journals.read(id));
    },
    async halt(id, how) {
      if (running?.id === id && running.executor !== null) return running.executor.halt(how);
      const journal = await journals.read(id);
      const { state } = summaryOf(replay(journal));
      if (how === 'interrupted') throw new AppError('precondition', `operation ${id} does not run: it is ${state}`);
      if (state === 'completed' || state === 'aborted')
        throw new AppError('precondition', `operation ${id} is ${state}: there is nothing to abort`);
      const { ended } = await exclusively(id, 'abort', () => begin(id, journal, 'aborting'));
      await ended;
    },
    async recover() {
      for (const id of await journals.list()) {
        const journal = await journals.read(id);
        if (replay(journal).finished !== null) continue;
        if (!deps.resumesByItself) continue;
        log.warn({ operation: id }, `operation ${id} is unfinished: taking it up again`);
        const { ended } = await exclusively(id, 'ctl-controller', () => begin(id, journal, 'restarted'));
        ended.catch((error: unknown) => log.error({ operation: id, error }, messageOf(error)));
        return;
      }
    },
    async stop() {
      stopping.abort(new AppError('cancelled', 'the controller is stopping'));
      await running?.ended;
    },
  };
}

async function isRunning({ fleet, config }: RollWorld, name: string, signal: AbortSignal): Promise<boolean> {
  const host = config().services.get(name)?.host ?? '';
  const { state } = await fleet.agent(host).process(name, { timeoutMs: 5_000, signal });
  return state === 'running';
}

/** Tells a wait once, when it has lasted. */
function createWaits(tell: (member: string | null, message: string) => void, now: () => number) {
  const since = new Map<string | null, { why: string; at: number; told: boolean }>();
  return (member: string | null, why: string): void => {
    const wait = since.get(member);
    // "12 s left" and "11 s left" are the same wait.
    const kind = why.replace(/\d+/g, '#');
    if (wait?.why !== kind) return void since.set(member, { why: kind, at: now(), told: false });
    if (wait.told || now() - wait.at < TELL_WAIT_MS) return;
    wait.told = true;
    tell(member, `waiting: ${why}`);
  };
}
