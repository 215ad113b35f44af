import { AppError } from '../../shared/errors.js';
import type { BalancerReport } from '../../shared/model/balancer-report.js';
import type { CheckReport, ServiceReport } from '../../shared/model/check-report.js';
import type { ConfigDiff } from '../../shared/model/config-diff.js';
import type { BackendsRequest, ControlApi, Plan, RunRequest } from '../../shared/model/control-api.js';
import type { Incident } from '../../shared/model/incident.js';
import type { LockHolder } from '../../shared/model/lock.js';
import type { MailReport, MailTest } from '../../shared/model/mail.js';
import type { LogEvent } from '../../shared/model/log-search.js';
import type { RepairDecision } from '../../shared/model/repair.js';
import type { MemoryReport } from '../../shared/model/memory-report.js';
import type { PerfReport } from '../../shared/model/perf.js';
import { processId } from '../../shared/model/process.js';
import type { MemberResult, OperationEvent, OperationResult, OperationSummary, PlanStep, Step } from '../../shared/model/operation.js';

/** What a controller would do, told beforehand. A cluster of two pools with two running clients each, all of them well. */
export interface FakeControlScript {
  readonly clients?: readonly string[];
  /** This client does not answer after its start: the roll halts there, unless it may go on after as many. */
  readonly failing?: string;
  /** The roll waits while it starts this client, until `halt` is called. */
  readonly stuckOn?: string;
  /** The stream breaks after so many events. */
  readonly loseLinkAfter?: number;
  /** `plan` and `run` reject with it. */
  readonly refuse?: AppError;
  /** `plan` and `run` reject with it unless the request accepts interruption (the old form, or confirmed). */
  readonly refuseUnlessAccepted?: AppError;
  readonly report?: CheckReport;
  readonly balancers?: BalancerReport;
  /** What `plan` decides for a repair. */
  readonly decisions?: readonly RepairDecision[];
  readonly operations?: readonly OperationSummary[];
  readonly diff?: ConfigDiff;
  /** What `plan` answers. */
  readonly plan?: Plan;
  readonly memory?: MemoryReport;
  readonly perf?: PerfReport;
  readonly incidents?: readonly Incident[];
  readonly mails?: MailReport;
  /** Without it no mail is configured. */
  readonly mailTest?: MailTest;
  /** Who holds the lock. */
  readonly holder?: LockHolder;
  /** What `log` streams. */
  readonly logEvents?: readonly LogEvent[];
  /** `check` and `status` never answer; they end with their signal. */
  readonly deaf?: boolean;
}

export interface FakeControl extends ControlApi {
  /** What was asked of it, in order: `run start`, `halt op-1 interrupted`, … */
  readonly calls: string[];
  readonly requests: RunRequest[];
  readonly orders: BackendsRequest[];
  /** Who resumed and halted, in order. */
  readonly askers: string[];
  /** Resolves when the roll waits on `stuckOn`. */
  readonly stuck: Promise<undefined>;
  closed: boolean;
  close(): void;
}

export const FAKE_OPERATION = 'op-1';
/** 2024-09-25 14:47:17.000 UTC, the time at which everything in the fake begins. */
export const FAKE_NOW = Date.UTC(2024, 8, 25, 14, 47, 17);
const CLIENTS = ['zeoclient1.1', 'zeoclient1.2', 'zeoclient2.1', 'zeoclient2.2'];
const STEPS_OF_A_CLIENT: readonly (readonly [Step, number])[] = [
  ['out', 120],
  ['drain', 2_100],
  ['stop', 950],
  ['start', 29_800],
  ['check', 84],
  ['warm', 3_100],
  ['in', 130],
];

/** An in-memory controller that keeps to the contract of `ControlApi`; its events come without any delay. */
export function createFakeControl(script: FakeControlScript = {}): FakeControl {
  const clients = script.clients ?? CLIENTS;
  const calls: string[] = [];
  const requests: RunRequest[] = [];
  const orders: BackendsRequest[] = [];
  const askers: string[] = [];
  const halted = latch<'interrupted' | 'aborted'>();
  const stuck = latch<undefined>();

  const chosen = (request: RunRequest) =>
    request.selectors.length === 0 ? clients : clients.filter((name) => request.selectors.includes(name));
  const judge = (request: RunRequest) => {
    const unknown = request.selectors.find((name) => !clients.includes(name));
    if (unknown !== undefined) throw new AppError('usage', `no service ${unknown}`, { hint: `did you mean ${clients[0] ?? ''}?` });
    if (script.refuse !== undefined) throw script.refuse;
    if (script.refuseUnlessAccepted !== undefined && !request.oldForm && !request.force) throw script.refuseUnlessAccepted;
  };

  async function* roll(
    names: readonly string[],
    action: RunRequest['action'],
    signal: AbortSignal,
    maxFail = 0,
  ): AsyncGenerator<OperationEvent> {
    let at = FAKE_NOW;
    const members: MemberResult[] = [];
    let ended: { outcome: OperationResult['outcome']; exit: number; why: string | null } = { outcome: 'completed', exit: 0, why: null };
    let partial = false;
    yield { type: 'started', operation: FAKE_OPERATION, action, at, plan: planSteps(names, action) };
    for (const service of names) {
      if (ended.outcome !== 'completed') {
        members.push({ name: service, result: 'untouched', why: null, lastLogEntry: null, stepsMs: {} });
        continue;
      }
      const stepsMs: Partial<Record<Step, number>> = {};
      let result: MemberResult = { name: service, result: 'done', why: null, lastLogEntry: null, stepsMs };
      for (const [step, ms] of stepsOf(action)) {
        yield { type: 'step', operation: FAKE_OPERATION, service, step, state: 'begin', at, ms: null, detail: null };
        if (step === 'start' && service === script.stuckOn) {
          yield { type: 'note', operation: FAKE_OPERATION, service, at, message: 'waiting for an HTTP answer' };
          stuck.resolve(undefined);
          const how = await Promise.race([halted.promise, endOf(signal)]);
          ended = { outcome: how, exit: 130, why: `${how} by an operator` };
        }
        at += ms;
        if (step === 'check' && service === script.failing) {
          const why = 'no HTTP answer: expected a status below 400 within 300 s, got connection refused';
          yield { type: 'step', operation: FAKE_OPERATION, service, step: 'fail', state: 'end', at, ms, detail: why };
          result = { name: service, result: 'failed', why, lastLogEntry: FAILED_ENTRY, stepsMs: { ...stepsMs } };
          if (maxFail === 0) ended = { outcome: 'halted', exit: 1, why: `${service} did not come back` };
          else partial = true;
          break;
        }
        stepsMs[step] = ms;
        yield { type: 'step', operation: FAKE_OPERATION, service, step, state: 'end', at, ms, detail: null };
      }
      members.push(result);
    }
    if (partial && ended.outcome === 'completed') ended = { ...ended, exit: 3 };
    yield { type: 'result', result: { operation: FAKE_OPERATION, action, ...ended, seconds: (at - FAKE_NOW) / 1000, services: members } };
  }

  async function* breaking(events: AsyncGenerator<OperationEvent>): AsyncGenerator<OperationEvent> {
    let seen = 0;
    for await (const event of events) {
      if (seen++ === script.loseLinkAfter) throw new AppError('unreachable', 'the controller does not answer any more');
      yield event;
    }
  }

  const report = script.report ?? { at: FAKE_NOW, exit: 0, services: clients.map(wellClient), warnings: [] };
  const answer = (signal: AbortSignal) => (script.deaf === true ? endOf(signal) : Promise.resolve(report));
  const fake: FakeControl = {
    calls,
    requests,
    orders,
    askers,
    stuck: stuck.promise,
    closed: false,
    close: () => void (fake.closed = true),
    check(request, signal) {
      calls.push(`check ${request.selectors.join(',')} ${request.path ?? ''}`.trim() + (request.noMail === true ? ' no-mail' : ''));
      return answer(signal);
    },
    status(request, signal) {
      calls.push(`status ${request.selectors.join(',')}`.trim());
      return answer(signal);
    },
    async plan(request): Promise<Plan> {
      calls.push(`plan ${request.action}`);
      if (script.plan !== undefined) return script.plan;
      judge(request);
      const names = chosen(request);
      const { decisions } = script;
      return {
        steps: planSteps(names, request.action),
        warnings: [],
        interrupts: names,
        ...(decisions === undefined ? {} : { decisions }),
      };
    },
    async *run(request, signal) {
      calls.push(`run ${request.action}`);
      requests.push(request);
      judge(request);
      yield* breaking(roll(chosen(request), request.action, signal, request.maxFail ?? 0));
    },
    async operations() {
      calls.push('operations');
      return script.operations ?? [];
    },
    async *events(id, options, signal) {
      calls.push(`events ${id}${options.follow ? ' follow' : ''}`);
      if (id !== FAKE_OPERATION) throw new AppError('not-found', `no operation ${id}`, { hint: '`ctl operations list` names them' });
      for await (const event of breaking(roll(clients, 'start', signal))) {
        yield event;
        if (!options.follow && event.type === 'note') return;
      }
    },
    async *resume(id, by, signal) {
      calls.push(`resume ${id}`);
      askers.push(by);
      if (id !== FAKE_OPERATION) throw new AppError('not-found', `no operation ${id}`, { hint: '`ctl operations list` names them' });
      yield* breaking(roll(clients.slice(1), 'start', signal));
    },
    async memory({ selectors, tree, pss }) {
      calls.push(`memory ${selectors.join(',')}${tree ? ' tree' : ''}${pss ? ' pss' : ''}`);
      const services = report.services.map((one) => ({ report: one, pss: null, tree: null }));
      return script.memory ?? { at: FAKE_NOW, exit: report.exit, services, warnings: [] };
    },
    async perf({ selectors }) {
      calls.push(`perf ${selectors.join(',')}`);
      return script.perf ?? { from: FAKE_NOW - 604_800_000, to: FAKE_NOW, rows: [], warnings: [] };
    },
    async diffConfig() {
      calls.push('diffConfig');
      return script.diff ?? { file: '/etc/ctl/cluster.ini', loadedAt: FAKE_NOW, changes: [], refusals: [] };
    },
    async incidents({ selectors, open, since }) {
      calls.push(`incidents ${selectors.join(',')} open=${open} since=${since}`);
      return { incidents: script.incidents ?? [] };
    },
    async lock() {
      calls.push('lock');
      return { path: '/etc/ctl/ctl.lock', holder: script.holder ?? null, removed: null };
    },
    async mails() {
      calls.push('mails');
      return (
        script.mails ?? { server: 'mail.example.org:25', to: ['ops@example.org'], waiting: [], givenUp: [], blocked: null, nextTry: null }
      );
    },
    async testMail() {
      calls.push('testMail');
      if (script.mailTest === undefined) throw new AppError('config', 'no mail is configured', { hint: 'set toaddrs' });
      return script.mailTest;
    },
    async removeLock({ force }) {
      calls.push(`removeLock${force ? ' force' : ''}`);
      const { holder = null } = script;
      if (holder?.alive === true && !force)
        throw new AppError('conflict', `${holder.what} by ${holder.by} holds the lock`, { hint: 'wait for it' });
      return { path: '/etc/ctl/ctl.lock', holder: null, removed: holder };
    },
    async *log({ selectors, query }) {
      calls.push(`log ${selectors.join(',')} ${JSON.stringify(query)}`);
      yield* script.logEvents ?? [];
    },
    async halt(id, how, by) {
      calls.push(`halt ${id} ${how}`);
      askers.push(by);
      halted.resolve(how);
    },
    async balancers() {
      calls.push('balancers');
      return script.balancers ?? wellBalancers(clients);
    },
    async setBackends(request) {
      calls.push(`balancer ${request.wanted} ${request.selectors.join(',')}`);
      orders.push(request);
      if (script.refuse !== undefined) throw script.refuse;
      return script.balancers ?? wellBalancers(clients);
    },
  };
  return fake;
}

const FAILED_ENTRY = `2024-09-25 16:47:49,760 ERROR   [Zope:42][MainThread] Couldn't install Products.Shop
Traceback (most recent call last):
  File "shop/__init__.py", line 3, in <module>
ImportError: No module named 'cart'`;

const stepsOf = (action: RunRequest['action']) => (action === 'stop' ? STEPS_OF_A_CLIENT.slice(0, 3) : STEPS_OF_A_CLIENT);
const poolOf = (name: string): number => Number(/\d+/.exec(name)?.[0] ?? 1);

const planSteps = (names: readonly string[], action: RunRequest['action']): PlanStep[] =>
  names.flatMap((service, batch) =>
    stepsOf(action).map(([step]) => ({ step, service, batch: batch + 1, pool: poolOf(service), detail: null })),
  );

export const wellClient = (name: string): ServiceReport => ({
  name,
  type: 'ZeoClient',
  host: `web${poolOf(name)}`,
  pool: poolOf(name),
  state: 'ok',
  balancer: 'in',
  at: FAKE_NOW,
  tcp: { ok: true, ms: 0.42 },
  http: { ok: true, status: 200, ms: 84.2, bytes: 20_123 },
  memory: { ok: true, rssKb: 626_688, limitKb: 1_048_576, process: processId(4242, 777), uptimeS: 86_400, growthKbPerH: null },
  log: { ok: true, since: '2024-09-25 16:47:17,760', findings: 0 },
  findings: [],
});

/** One Pound that has them all in. */
export const wellBalancers = (clients: readonly string[]): BalancerReport => ({
  at: FAKE_NOW,
  exit: 0,
  balancers: [
    {
      name: 'pound',
      host: 'front',
      driver: 'pound-control',
      version: '4.16',
      why: null,
      backends: clients.map((service, i) => ({
        service,
        address: `10.0.0.1:${8081 + i}`,
        place: 'main/zope',
        inFile: 'in',
        inRuntime: 'in',
        alive: true,
        sessions: i,
        inFlight: null,
        hold: null,
      })),
    },
  ],
  drift: [],
  notes: [],
});

function latch<T>(): { readonly promise: Promise<T>; resolve(value: T): void } {
  let resolve: (value: T) => void = () => undefined;
  const promise = new Promise<T>((settle) => (resolve = settle));
  return { promise, resolve };
}

const endOf = (signal: AbortSignal): Promise<never> =>
  new Promise((_, reject) => {
    const end = () => reject(signal.reason instanceof AppError ? signal.reason : new AppError('cancelled', 'cancelled'));
    if (signal.aborted) end();
    else signal.addEventListener('abort', end, { once: true });
  });
