import { selectServices } from '../config/select.js';
import type { JournalEvent } from '../rolling/events.js';
import { type JournalStore, operationId } from '../rolling/journal.js';
import type { Lease } from '../rolling/lock.js';
import type { RollWorld } from '../rolling/observe.js';
import type { RollPlan } from '../rolling/plan.js';
import { preflight } from '../rolling/preflight.js';
import { type JudgedRound, preflightRepair } from '../rolling/preflight-repair.js';
import { type Progress, replay } from '../rolling/progress.js';
import { readAttempts } from '../rolling/repair-history.js';
import { tellJournal } from '../rolling/report.js';
import { linkSignals, throwIfAborted } from '../../shared/abort.js';
import { AppError } from '../../shared/errors.js';
import type { ControlApi, Plan, RunRequest } from '../../shared/model/control-api.js';
import type { OperationEvent } from '../../shared/model/operation.js';
import { createInHand, type InHandDeps } from './in-hand.js';
import { pagePath } from './page-path.js';
import { createPastOperations } from './past-operations.js';
import { planned } from './planned.js';
import { type Attached, type Begun, takeInHand } from './take-in-hand.js';

export interface OperationsDeps extends Omit<InHandDeps, 'afterwards'> {
  readonly world: RollWorld;
  readonly journals: JournalStore;
  /** Takes an unfinished operation up again by itself; embedded mode leaves that to the operator. */
  readonly resumesByItself: boolean;
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

/** Every start and stop, from its lock to its last event. */
export function createOperations(deps: OperationsDeps): Operations {
  const { world, journals, log } = deps;
  const inHand = createInHand({ ...deps, afterwards: () => past.tidy() });
  const past = createPastOperations({ journals, clock: world.clock, log, isInHand: (id) => inHand.has(id) });

  return {
    plan: async (request, signal, judged) => planned(world, await look('plan', request, signal, judged), signal),
    async *run(request, signal, judged) {
      if (request.canary !== undefined && request.canaryWaitS === undefined && !deps.resumesByItself) throw NOBODY_WAITS;
      // What is wrong with a request is told before what keeps it waiting.
      pagePath(request.path ?? null);
      if (request.selectors.length > 0) selectServices(world.config(), request.selectors);
      const id = operationId(world.clock.now(), Math.random());
      const { events } = await inHand.take(id, request.by, async (lease) => {
        // These touch no client: they take nothing from a roll that is to go on.
        if (request.action !== 'rotate' && request.action !== 'purge') await past.refuseWhileUnfinished();
        using linked = linkSignals([signal, inHand.stopping]);
        const plan = await look(id, request, linked.signal, judged);
        // From the first line of its journal on it would be carried out, by the next controller if need be.
        throwIfAborted(linked.signal);
        return await begin(lease, id, [{ type: 'started', at: world.clock.now(), plan }], 'started');
      });
      yield* events.follow(signal);
    },
    async *resume(id, by, signal) {
      const running = inHand.running();
      if (running?.id === id && waitsForCanaries(running.executor.progress())) {
        await running.executor.proceed(by);
        yield* running.events.follow(signal);
        return;
      }
      const { events } = await goOn(id, by, 'resume');
      yield* events.follow(signal);
    },
    async *events(id, { follow }, signal) {
      const running = inHand.running();
      if (running?.id === id && follow) {
        yield* running.events.follow(signal);
        return;
      }
      yield* tellJournal(await journals.read(id));
    },
    async halt(id, how, by) {
      const running = inHand.running();
      if (running?.id === id && running.executor.progress().finished === null) return running.executor.halt(how, by);
      if (running?.id === id) await running.ended;
      const state = await past.state(id);
      if (how === 'interrupted') throw new AppError('precondition', `operation ${id} does not run: it is ${state}`);
      const { executor, ended } = await goOn(id, by, 'abort');
      // A client in hand can take minutes: that it has been noted is enough.
      if ([...executor.progress().members.values()].every((member) => member.state !== 'active')) await ended;
    },
    operations: () => past.summaries(),
    stopped: () => past.stopped(),
    working() {
      const running = inHand.running();
      if (running === null) return new Set();
      const { members, purges } = running.executor.progress();
      const clients = [...members.values()].flatMap(({ state, planned: { name } }) => (state === 'active' ? [name] : []));
      return new Set([...clients, ...[...purges].flatMap(([service, { ms }]) => (ms === null ? [service] : []))]);
    },
    async recover() {
      await past.tidy();
      if (!deps.resumesByItself) return;
      for (const id of await journals.list()) {
        const journal = await journals.read(id);
        if (replay(journal).finished !== null) continue;
        log.warn({ operation: id }, `operation ${id} is unfinished: taking it up again`);
        await inHand.take(id, 'ctl-controller', (lease) => begin(lease, id, journal, 'restarted'));
        return;
      }
    },
    stop: () => inHand.stop(),
  };

  async function look(id: string, request: RunRequest, signal: AbortSignal, judged: JudgedRound | null = null): Promise<RollPlan> {
    pagePath(request.path ?? null);
    if (request.action !== 'repair') return await preflight(world, id, request, signal);
    const attempts = await readAttempts(journals, world.clock.now());
    return await preflightRepair(world, id, request, { attempts, stopped: await past.stopped(), judged }, signal);
  }

  /** Its journal is read while the lock is held: nobody goes on with it meanwhile. */
  function goOn(id: string, by: string, what: 'resume' | 'abort') {
    const why = what === 'resume' ? 'resumed' : 'aborting';
    return inHand.take(id, by, async (lease) => begin(lease, id, await past.unfinished(id, what), why, by));
  }

  function begin(lease: Lease, id: string, before: readonly JournalEvent[], why: Attached['why'], by?: string): Promise<Begun> {
    const at = world.clock.now();
    const attached: Attached = { type: 'attached', at, why, by, held: [...world.held(at).keys()] };
    return takeInHand(deps, { id, past: before, attached, lease, signal: inHand.stopping });
  }
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
