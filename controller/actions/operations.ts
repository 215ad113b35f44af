import { selectServices } from '../config/select.js';
import { preflight } from '../rolling/preflight.js';
import type { RollWorld } from '../rolling/observe.js';
import type { Executor } from '../rolling/executor.js';
import { type JournalStore, operationId } from '../rolling/journal.js';
import type { Lease } from '../rolling/lock.js';
import type { JournalEvent } from '../rolling/events.js';
import { planSteps, type RollPlan } from '../rolling/plan.js';
import { type Progress, replay } from '../rolling/progress.js';
import { type JudgedRound, preflightRepair } from '../rolling/preflight-repair.js';
import { readAttempts } from '../rolling/repair-history.js';
import { resultOf, summaryOf, tellJournal } from '../rolling/report.js';
import { linkSignals, throwIfAborted } from '../../shared/abort.js';
import { AppError, messageOf } from '../../shared/errors.js';
import type { Log } from '../../shared/log.js';
import type { ControlApi, Plan, RunRequest } from '../../shared/model/control-api.js';
import type { OperationEvent, OperationResult, OperationSummary } from '../../shared/model/operation.js';
import type { EventLog } from './event-log.js';
import { pagePath } from './page-path.js';
import { type Attached, type Begun, takeInHand } from './take-in-hand.js';
import { stoppedBy } from './stopped.js';

export interface OperationsDeps {
  readonly world: RollWorld;
  readonly journals: JournalStore;
  readonly lock: (what: string, by: string) => Promise<Lease>;
  readonly log: Log;
  /** Takes an unfinished operation up again by itself; embedded mode leaves that to the operator. */
  readonly resumesByItself: boolean;
  /** Told of each end, while the lock is still held. */
  readonly ended?: (result: OperationResult, by: string) => Promise<void>;
}

export interface Operations extends Pick<ControlApi, 'operations' | 'events' | 'resume' | 'halt'> {
  /** As in `ControlApi`. A repair goes by what the monitor has `judged`; without that by what is measured now. */
  plan(request: RunRequest, signal: AbortSignal, judged?: JudgedRound): Promise<Plan>;
  run(request: RunRequest, signal: AbortSignal, judged?: JudgedRound): AsyncIterable<OperationEvent>;
  /** Services that the operation in hand works on now. */
  working(): ReadonlySet<string>;
  /** Services that are down because an operation was to stop them. */
  stopped(): Promise<ReadonlySet<string>>;
  /** Takes up what an earlier controller left unfinished. */
  recover(): Promise<void>;
  /** Leaves the operation in hand where it is; whoever comes next takes it up. */
  stop(): Promise<void>;
}

interface Running {
  readonly id: string;
  readonly executor: Executor;
  readonly events: EventLog;
  /** Never rejects; the lock is free then. */
  readonly ended: Promise<void>;
}

const STOPPING = new AppError('unreachable', 'the controller is stopping');

/** One operation at a time: every start and stop, from its lock to its last event. */
export function createOperations(deps: OperationsDeps): Operations {
  const { world, journals, log } = deps;
  const stopping = new AbortController();
  let running: Running | null = null;
  /** Holds until the next operation has ended. */
  let stopped: Promise<ReadonlySet<string>> | null = null;
  /** An operation that is being looked into, before it runs. */
  let opening: { readonly id: string; readonly opened: Promise<Running> } | null = null;

  async function look(id: string, request: RunRequest, signal: AbortSignal, judged: JudgedRound | null = null): Promise<RollPlan> {
    pagePath(request.path ?? null);
    if (request.action !== 'repair') return await preflight(world, id, request, signal);
    const attempts = await readAttempts(journals, world.clock.now());
    return await preflightRepair(world, id, request, { attempts, stopped: await stoppedNow(), judged }, signal);
  }

  async function* run(request: RunRequest, signal: AbortSignal, judged?: JudgedRound): AsyncIterable<OperationEvent> {
    if (request.canary !== undefined && request.canaryWaitS === undefined && !deps.resumesByItself) throw NOBODY_WAITS;
    // What is wrong with a request is told before what keeps it waiting.
    pagePath(request.path ?? null);
    if (request.selectors.length > 0) selectServices(world.config(), request.selectors);
    const id = operationId(world.clock.now(), Math.random());
    const { events } = await exclusively(id, request.by, async (lease) => {
      // These touch no client: they take nothing from a roll that is to go on.
      if (request.action !== 'rotate' && request.action !== 'purge') await refuseWhileUnfinished();
      using linked = linkSignals([signal, stopping.signal]);
      const plan = await look(id, request, linked.signal, judged);
      // From the first line of its journal on it would be carried out, by the next controller if need be.
      throwIfAborted(linked.signal);
      return await begin(lease, id, [{ type: 'started', at: world.clock.now(), plan }], 'started');
    });
    yield* events.follow(signal);
  }

  async function* resume(id: string, by: string, signal: AbortSignal): AsyncIterable<OperationEvent> {
    if (running?.id === id && waitsForCanaries(running.executor.progress())) {
      await running.executor.proceed(by);
      yield* running.events.follow(signal);
      return;
    }
    const { events } = await exclusively(id, by, async (lease) => begin(lease, id, await unfinishedJournal(id, 'resume'), 'resumed', by));
    yield* events.follow(signal);
  }

  /** Read while the lock is held: nobody goes on with it meanwhile. */
  async function unfinishedJournal(id: string, what: 'resume' | 'abort'): Promise<readonly JournalEvent[]> {
    const journal = await journals.read(id);
    const { state } = summary(id, journal);
    if (state !== 'completed' && state !== 'aborted') return journal;
    throw new AppError('precondition', `operation ${id} is ${state}: there is nothing to ${what}`);
  }

  /** Holds the lock from before the first look at the cluster until the operation has ended; without an operation it is given back. */
  async function exclusively(id: string, by: string, start: (lease: Lease) => Promise<Begun>): Promise<Running> {
    // Its result is out already, and its lock about to be given back.
    if (running !== null && running.executor.progress().finished !== null) await running.ended;
    throwIfAborted(stopping.signal);
    const other = running?.id ?? opening?.id;
    if (other !== undefined)
      throw new AppError('conflict', `operation ${other} is running`, { hint: `ctl operations show ${other} --follow` });
    const opened = open(id, by, start);
    opening = { id, opened };
    try {
      return await opened;
    } finally {
      opening = null;
    }
  }

  async function open(id: string, by: string, start: (lease: Lease) => Promise<Begun>): Promise<Running> {
    const lease = await deps.lock(`operation ${id}`, by);
    try {
      const { executor, events, done } = await start(lease);
      const ended = done
        .then(
          () => null,
          (error: unknown) => unfinished(id, error),
        )
        .then(async (why) => {
          await tellEnd(executor.progress());
          await release(lease);
          await prune();
          running = null;
          stopped = null;
          events.end(why);
        });
      running = { id, executor, events, ended };
      return running;
    } catch (error) {
      await release(lease);
      throw error;
    }
  }

  async function release(lease: Lease): Promise<void> {
    await lease.release().catch((error: unknown) => log.error({ error }, 'the lock could not be given back'));
  }

  async function tellEnd(progress: Progress): Promise<void> {
    if (progress.finished === null) return;
    await deps
      .ended?.(resultOf(progress), progress.plan.by)
      .catch((error: unknown) => log.error({ error }, 'what was done could not be noted'));
  }

  /** What is too old to be told goes; never what is not finished, nor that by which one knows that a service is down on purpose. */
  async function prune(): Promise<void> {
    try {
      const stops = new Set(stoppedBy(await summaries()).values());
      const isNeeded = (journal: readonly JournalEvent[]) => {
        const { id, state } = summaryOf(replay(journal));
        return state === 'running' || state === 'interrupted' || stops.has(id);
      };
      const pruned = await journals.prune(world.clock.now(), isNeeded);
      if (pruned.length > 0) log.info({ operations: pruned }, `${pruned.length} old operations are forgotten`);
    } catch (error) {
      log.error({ error }, 'old operations could not be deleted');
    }
  }

  /** What its followers hear instead of a result. */
  function unfinished(id: string, error: unknown): AppError {
    if (stopping.signal.aborted) {
      log.info({ operation: id }, `operation ${id} stays unfinished: the controller is stopping`);
      return STOPPING;
    }
    log.error({ error, operation: id }, `operation ${id} could not go on; it stays unfinished`);
    return new AppError('failed', `operation ${id} could not go on: ${messageOf(error)}`, {
      hint: `it is not finished: ctl operations resume ${id}, or ctl operations abort ${id}`,
      cause: error,
    });
  }

  function begin(lease: Lease, id: string, past: readonly JournalEvent[], why: Attached['why'], by?: string): Promise<Begun> {
    const at = world.clock.now();
    const attached: Attached = { type: 'attached', at, why, by, held: [...world.held(at).keys()] };
    return takeInHand(deps, { id, past, attached, lease, signal: stopping.signal });
  }

  async function refuseWhileUnfinished(): Promise<void> {
    for (const id of await journals.list()) {
      const { state } = summary(id, await journals.read(id));
      if (state !== 'interrupted') continue;
      throw new AppError('conflict', `operation ${id} was interrupted and is not finished`, {
        hint: `ctl operations resume ${id}, or ctl operations abort ${id}`,
      });
    }
  }

  /** One that does not run here, and has no end, was interrupted in the hardest way. */
  function summary(id: string, journal: readonly JournalEvent[]): OperationSummary {
    const told = summaryOf(replay(journal));
    return told.state === 'running' && running?.id !== id && opening?.id !== id ? { ...told, state: 'interrupted' } : told;
  }

  async function summaries(): Promise<OperationSummary[]> {
    const all: OperationSummary[] = [];
    for (const id of await journals.list()) all.push(summary(id, await journals.read(id)));
    return all;
  }

  function stoppedNow(): Promise<ReadonlySet<string>> {
    stopped ??= summaries().then((all) => new Set(stoppedBy(all).keys()));
    stopped.catch(() => (stopped = null));
    return stopped;
  }

  return {
    async plan(request, signal, judged) {
      const plan = await look('plan', request, signal, judged);
      if (request.action === 'repair')
        return { steps: planSteps(plan), warnings: plan.warnings, interrupts: [], decisions: plan.decisions };
      if (request.action === 'purge') {
        const away = (plan.purge ?? []).flatMap(({ service, awayS }) => (awayS === null ? [] : [service]));
        return { steps: planSteps(plan), warnings: plan.warnings, interrupts: away };
      }
      const now = plan.batches.flatMap((batch) => batch.members);
      const interrupts = [];
      for (const { name, steps } of now) if (steps.includes('stop') && (await isRunning(world, name, signal))) interrupts.push(name);
      return { steps: planSteps(plan), warnings: plan.warnings, interrupts };
    },
    run,
    resume,
    operations: summaries,
    working() {
      if (running === null) return new Set();
      const { members, purges } = running.executor.progress();
      const inHand = [...members.values()].flatMap(({ state, planned }) => (state === 'active' ? [planned.name] : []));
      return new Set([...inHand, ...[...purges].flatMap(([service, { ms }]) => (ms === null ? [service] : []))]);
    },
    stopped: stoppedNow,
    async *events(id, { follow }, signal) {
      if (running?.id === id && follow) {
        yield* running.events.follow(signal);
        return;
      }
      yield* tellJournal(await journals.read(id));
    },
    async halt(id, how, by) {
      if (running?.id === id && running.executor.progress().finished === null) return running.executor.halt(how, by);
      if (running?.id === id) await running.ended;
      const { state } = summary(id, await journals.read(id));
      if (how === 'interrupted') throw new AppError('precondition', `operation ${id} does not run: it is ${state}`);
      const { executor, ended } = await exclusively(id, by, async (lease) =>
        begin(lease, id, await unfinishedJournal(id, 'abort'), 'aborting', by),
      );
      // A client in hand can take minutes: that it has been noted is enough.
      if ([...executor.progress().members.values()].every((member) => member.state !== 'active')) await ended;
    },
    async recover() {
      await prune();
      for (const id of await journals.list()) {
        const journal = await journals.read(id);
        if (replay(journal).finished !== null) continue;
        if (!deps.resumesByItself) continue;
        log.warn({ operation: id }, `operation ${id} is unfinished: taking it up again`);
        await exclusively(id, 'ctl-controller', (lease) => begin(lease, id, journal, 'restarted'));
        return;
      }
    },
    async stop() {
      stopping.abort(STOPPING);
      await Promise.allSettled([opening?.opened]);
      await running?.ended;
    },
  };
}

const waitsForCanaries = ({ plan, continued, halting, finished }: Progress): boolean =>
  plan.policy.canary !== undefined && !continued && halting === null && finished === null;

const NOBODY_WAITS = new AppError(
  'usage',
  '--canary without --canary-wait waits for somebody to resume, and no controller runs that could be told',
  {
    hint: 'add `--canary-wait SECONDS`, or run ctl-controller and set its `[controller] address`',
  },
);

async function isRunning({ fleet, config }: RollWorld, name: string, signal: AbortSignal): Promise<boolean> {
  const host = config().services.get(name)?.host ?? '';
  const { state } = await fleet.agent(host).process(name, { timeoutMs: 5_000, signal });
  return state !== 'down';
}
