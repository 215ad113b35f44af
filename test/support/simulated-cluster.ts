import { AppError } from '../../shared/errors.js';
import type { ProcessId, ProcessState } from '../../shared/model/process.js';
import type { Step } from '../../shared/model/operation.js';
import type { Standing } from '../../shared/model/balancer.js';
import type { JournalEvent } from '../../controller/rolling/events.js';
import { createExecutor, type Executor } from '../../controller/rolling/executor.js';
import type { RollPorts } from '../../controller/rolling/roll-ports.js';
import type { ClientFacts } from '../../controller/rolling/facts.js';
import type { PlannedBatch, RollPlan, RollPolicy } from '../../controller/rolling/plan.js';
import { replay, type Progress } from '../../controller/rolling/progress.js';

/** A client of the simulation. What is set to 'broken' stays so until the test mends it. */
export interface SimulatedClient {
  generation: number;
  running: boolean;
  startedAt: number;
  /** In the running balancer. */
  in: boolean;
  /** In its file, which the running balancer has read at its start. */
  inFile: boolean;
  balanced: boolean;
  /** How often this roll has ended its process. */
  stops: number;
  /** The last request that the balancer sent it is answered at this time. */
  busyUntil: number;
  /** When it last sent a byte; idle keep-alive connections stay open. */
  lastByteAt: number;
  startMs: number;
  start: 'well' | 'never-answers' | 'exits' | 'cannot';
  stop: 'well' | 'survives';
  agentAwayUntil: number;
  /** Answers badly while that one does not run, and for a while after it came back. */
  standsOn: string | null;
}

export interface SimulatedCluster {
  readonly clients: Map<string, SimulatedClient>;
  /** Held out of the balancer by hand. */
  readonly held: Set<string>;
  readonly journal: JournalEvent[];
  /** Violations of what a roll promises, as sentences. */
  readonly violations: string[];
  now: number;
  /** By how much the clock of the controller that lives now is ahead. */
  clockAheadMs: number;
  balancerAnswers: boolean;
  /** It answers nobody before. */
  balancerSilentUntil: number;
  balancerObeys: boolean;
  /** Its agent takes no orders, although its state can still be read. */
  balancerAgentAwayUntil: number;
  /** A client that it does not take in again. */
  refusesIn: string | null;
  /** What hooks were run, in order: `before_client c1`. The failing one fails each time. */
  readonly hooksRun: string[];
  failingHook: string | null;
  /** Calls so far, in all lives of the controller. */
  calls: number;
  /** The call at which the controller dies, and whether the call takes effect. */
  crash: { at: number; effect: boolean } | null;
  /** What happens while no controller is there, once. */
  whileDead: ((cluster: SimulatedCluster) => void) | null;
  /** The journal cannot be written any more: from its so-many-th line on, until it is null again. */
  diskFullAt: number | null;
  /** An operator stops the run when this member enters this step. */
  haltAt: { member: string; step: string; how: 'interrupted' | 'aborted' } | null;
  /** An operator lets the run go on so long after this member was settled. */
  proceedWhen: { settled: string; afterMs: number; by: string } | null;
  /** This member's process ends by itself so long after it was settled. */
  breakWhen: { settled: string; afterMs: number } | null;
  /** The next life resumes a run that has ended. */
  resume: boolean;
  client(name: string): SimulatedClient;
  /** One life of a controller: from the journal until the end, or until it dies. */
  live(): Promise<Progress | 'died'>;
}

const QUIET_MS = 500;
/** How long a client needs to find its ZEO server again. */
const FIND_MS = 3_000;

export function simulateCluster(
  names: readonly string[],
  batches: readonly (readonly string[])[],
  policy: Partial<RollPolicy> = {},
  steps: readonly Step[] = FULL,
  takeOut: readonly string[] = [],
  more: Partial<RollPlan> = {},
): SimulatedCluster {
  const plan: RollPlan = {
    id: '20260101-000000-0001',
    action: 'start',
    by: 'alice@web1',
    at: 0,
    takeOut,
    warnings: [],
    policy: { minActive: 1, guarded: true, maxFail: 0, deadlineMs: null, ...policy },
    batches: batches.map((members): PlannedBatch => ({ pool: 1, members: members.map((name) => ({ name, steps, timing: TIMING })) })),
    ...more,
  };
  const cluster: SimulatedCluster = {
    clients: new Map(names.map((name) => [name, newClient()])),
    held: new Set(),
    journal: [{ type: 'started', at: 0, plan }],
    violations: [],
    now: 1_000,
    clockAheadMs: 0,
    balancerAnswers: true,
    balancerSilentUntil: 0,
    balancerObeys: true,
    balancerAgentAwayUntil: 0,
    refusesIn: null,
    hooksRun: [],
    failingHook: null,
    calls: 0,
    crash: null,
    whileDead: null,
    diskFullAt: null,
    haltAt: null,
    proceedWhen: null,
    breakWhen: null,
    resume: false,
    client(name) {
      const client = cluster.clients.get(name);
      if (client === undefined) throw new Error(`no client ${name}`);
      return client;
    },
    async live() {
      const life = new AbortController();
      const why = cluster.resume ? 'resumed' : cluster.journal.length === 1 ? 'started' : 'restarted';
      const died = () => (life.signal.aborted ? ('died' as const) : null);
      const started: { executor?: Executor } = {};
      const ports = createPorts(cluster, policy.minActive ?? 1, life, started);
      if (cluster.journal.length > 1) {
        cluster.whileDead?.(cluster);
        cluster.whileDead = null;
      }
      try {
        if (cluster.resume || replay(cluster.journal).finished === null)
          await ports.append({ type: 'attached', at: ports.now(), why, held: [...cluster.held] });
        cluster.resume = false;
        const executor = createExecutor([...cluster.journal], ports);
        started.executor = executor;
        return await executor.run(life.signal);
      } catch (error) {
        if (died() !== null) return 'died';
        throw error;
      }
    },
  };
  return cluster;
}

const FULL = ['out', 'drain', 'stop', 'start', 'check', 'warm', 'in'] as const;
const TIMING = { drainMs: 5_000, quietMs: QUIET_MS, timeToSleepMs: 0, startDeadlineMs: 20_000, stopDeadlineMs: 5_000 };

const newClient = (): SimulatedClient => ({
  generation: 1,
  running: true,
  startedAt: -100_000,
  in: true,
  inFile: true,
  balanced: true,
  stops: 0,
  busyUntil: 0,
  lastByteAt: 0,
  startMs: 1_000,
  start: 'well',
  stop: 'well',
  agentAwayUntil: 0,
  standsOn: null,
});

function createPorts(cluster: SimulatedCluster, minActive: number, life: AbortController, started: { executor?: Executor }): RollPorts {
  /** Each call to the world can be the one at which the controller dies, before or after its effect. */
  async function call<T>(effect: () => T): Promise<T> {
    if (life.signal.aborted) throw new Error('the controller is dead');
    const dies = cluster.crash?.at === cluster.calls++;
    if (cluster.calls > 50_000) return die('the run does not end');
    cluster.now += 1;
    if (dies && cluster.crash?.effect === false) return die();
    const result = effect();
    if (dies) return die();
    return result;
  }
  function die(why = 'the controller was killed'): never {
    if (cluster.calls > 50_000) cluster.violations.push(why);
    life.abort(new Error(why));
    throw new Error(why);
  }
  const answersBy = (c: SimulatedClient) => c.running && c.start === 'well' && cluster.now >= c.startedAt + c.startMs;
  const finds = (root: SimulatedClient) => answersBy(root) && cluster.now >= root.startedAt + root.startMs + FIND_MS;
  const healthy = (c: SimulatedClient) => answersBy(c) && (c.standsOn === null || finds(cluster.client(c.standsOn)));
  const answers = () => cluster.balancerAnswers && cluster.now >= cluster.balancerSilentUntil;
  const isDrift = (c: SimulatedClient): boolean => answers() && c.balanced && c.in && !c.inFile;
  const standing = (c: SimulatedClient): Standing =>
    !answers() || (isDrift(c) && c.running) ? 'unknown' : !c.balanced ? 'none' : !c.in ? 'out' : c.running ? 'in' : 'dead';
  const processOf = (name: string, c: SimulatedClient): ProcessState => {
    if (c.agentAwayUntil > cluster.now) return { state: 'unknown', why: `agent of ${name} is not connected` };
    if (!c.running) return { state: 'down', why: c.start === 'exits' ? 'exit code 1' : 'no pid file', failed: c.start === 'exits' };
    return { state: 'running', process: `${c.generation}@${c.generation}` as ProcessId, startedAt: c.startedAt };
  };
  function serving(): number {
    return [...cluster.clients.values()].filter((c) => c.in && healthy(c)).length;
  }
  function setIn(c: SimulatedClient, wanted: boolean): void {
    if (!answers()) throw new AppError('timeout', 'the control socket does not answer');
    if (!cluster.balancerObeys) return;
    c.inFile = wanted;
    if (c.in === wanted) return;
    const before = serving();
    c.in = wanted;
    if (!wanted) {
      c.busyUntil = cluster.now + 300;
      c.lastByteAt = c.busyUntil;
    }
    if (serving() < before && serving() < minActive) cluster.violations.push(`only ${serving()} serve at ${cluster.now}`);
  }
  const isOver = (wait: { settled: string; afterMs: number } | null): boolean => {
    const settled = cluster.journal.find((e) => e.type === 'settled' && e.member === wait?.settled);
    return wait !== null && settled !== undefined && cluster.now >= settled.at + wait.afterMs;
  };
  /** What others do while the controller waits. */
  async function meanwhile(): Promise<void> {
    const { proceedWhen, breakWhen } = cluster;
    if (breakWhen !== null && isOver(breakWhen)) cluster.client(breakWhen.settled).running = false;
    if (proceedWhen === null || !isOver(proceedWhen)) return;
    cluster.proceedWhen = null;
    await started.executor?.proceed(proceedWhen.by);
  }
  const agent = (name: string): SimulatedClient => {
    const c = cluster.client(name);
    if (c.agentAwayUntil > cluster.now) throw new AppError('unreachable', `agent of ${name} is not connected`);
    return c;
  };

  return {
    now: () => cluster.now + cluster.clockAheadMs,
    async sleep(ms, signal) {
      signal.throwIfAborted();
      cluster.now += ms;
      await meanwhile();
    },
    append: (event) =>
      call(() => {
        if (cluster.diskFullAt !== null && cluster.journal.length >= cluster.diskFullAt) throw new AppError('failed', 'ENOSPC');
        cluster.journal.push(event);
        const { haltAt } = cluster;
        if (haltAt === null || event.type !== 'entered' || event.member !== haltAt.member || event.step !== haltAt.step) return;
        cluster.haltAt = null;
        void started.executor?.halt(haltAt.how, 'bob@desk').catch(() => undefined);
      }),
    observeClients: () =>
      call(
        () =>
          new Map(
            [...cluster.clients].map(([name, c]): [string, ClientFacts] => [
              name,
              {
                standing: standing(c),
                health: healthy(c) ? 'passing' : c.running ? 'failing' : 'down',
                ...(isDrift(c) && c.running ? { drift: true } : {}),
              },
            ]),
          ),
      ),
    observeMember: (member) =>
      call(() => {
        const c = cluster.client(member.planned.name);
        const away = c.agentAwayUntil > cluster.now ? `agent of ${member.planned.name} is not connected` : null;
        return {
          standing: standing(c),
          drift: isDrift(c) && c.running,
          aliveIntervalMs: 5_000,
          inFlight: null,
          connections: {
            ok: true as const,
            connections: c.running
              ? [{ peer: 'balancer', pending: c.busyUntil > cluster.now, silentMs: Math.max(0, cluster.now - c.lastByteAt) }]
              : [],
          },
          process: processOf(member.planned.name, c),
          health: healthy(c) ? { ok: true as const } : { ok: false as const, why: 'connection refused' },
          away,
        };
      }),
    perform: (member, effect) =>
      call(() => {
        const { name } = member.planned;
        const c = effect.do === 'set' || effect.do === 'warm' ? cluster.client(name) : agent(name);
        switch (effect.do) {
          case 'set':
            if (cluster.balancerAgentAwayUntil > cluster.now) throw new AppError('unreachable', 'agent pound is not connected');
            if (effect.wanted === 'in' && cluster.refusesIn === name) throw new AppError('failed', 'the balancer does not know it');
            setIn(c, effect.wanted === 'in');
            if (effect.wanted === 'in' && !healthy(c) && member.step === 'in')
              cluster.violations.push(`${name} was let in although it does not answer`);
            return null;
          case 'stop':
            if (effect.replacing !== `${c.generation}@${c.generation}`) return null;
            if (c.balanced && c.in) cluster.violations.push(`${name} was stopped while the balancer still sent to it`);
            if (c.busyUntil > cluster.now) cluster.violations.push(`${name} was stopped in the middle of a request`);
            if (c.stop === 'survives') throw new AppError('failed', 'process 1 survived SIGKILL');
            c.running = false;
            c.stops++;
            return null;
          case 'start':
            if (c.running) return null;
            if (c.start === 'cannot') throw new AppError('failed', 'the start command exited with 1');
            c.generation++;
            c.startedAt = cluster.now;
            c.running = c.start !== 'exits';
            return null;
          case 'warm':
            if (!healthy(c)) cluster.violations.push(`${name} was warmed up before it answered`);
            return null;
        }
      }),
    rotate: () => call(() => ({ notes: [], error: null })),
    purge: () => call(() => ({ notes: [], error: null })),
    hook: ([program], member) =>
      call(() => {
        cluster.hooksRun.push(member === null ? program : `${program} ${member}`);
        if (cluster.failingHook === cluster.hooksRun.at(-1)) throw new AppError('failed', `${program} ended with 1: no`);
      }),
    takeOut: (client) =>
      call(() => {
        if (cluster.balancerAgentAwayUntil > cluster.now) throw new AppError('unreachable', 'agent pound is not connected');
        setIn(cluster.client(client), false);
      }),
    lastLogEntry: (member) => call(() => `last entry of ${member}`),
    waiting: () => undefined,
  };
}
